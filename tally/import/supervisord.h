// Reads supervisord.conf: http://supervisord.org/configuration.html

#ifndef TALLYMAN_TALLY_IMPORT_SUPERVISORD_H_
#define TALLYMAN_TALLY_IMPORT_SUPERVISORD_H_

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "tally/import/types.h"

namespace tallyman::tally {

// See Import() of import.h.
absl::StatusOr<ImportResult> ImportSupervisord(
    absl::Span<const ImportFile> files, const ImportOptions& options);

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_IMPORT_SUPERVISORD_H_
