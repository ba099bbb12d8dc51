// Reads a Procfile with a file of variables.

#ifndef TALLYMAN_TALLY_IMPORT_PROCFILE_IMPORT_H_
#define TALLYMAN_TALLY_IMPORT_PROCFILE_IMPORT_H_

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "tally/import/types.h"

namespace tallyman::tally {

// See Import() of import.h.
absl::StatusOr<ImportResult> ImportProcfile(absl::Span<const ImportFile> files,
                                            const ImportOptions& options);

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_IMPORT_PROCFILE_IMPORT_H_
