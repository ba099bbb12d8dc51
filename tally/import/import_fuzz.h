// What each fuzz target of an import checks.

#ifndef TALLYMAN_TALLY_IMPORT_IMPORT_FUZZ_H_
#define TALLYMAN_TALLY_IMPORT_IMPORT_FUZZ_H_

#include <string_view>

#include "tally/import/types.h"

namespace tallyman::tally {

// Imports `text` as a file called `name`. Aborts unless the server accepts the
// definition, each note has a line of the text, and messages are fit to print.
void CheckImport(ImportFormat format, std::string_view name,
                 std::string_view text);

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_IMPORT_IMPORT_FUZZ_H_
