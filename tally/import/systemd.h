// Reads units of systemd: systemd.service(5), systemd.exec(5), systemd.unit(5).

#ifndef TALLYMAN_TALLY_IMPORT_SYSTEMD_H_
#define TALLYMAN_TALLY_IMPORT_SYSTEMD_H_

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "tally/import/types.h"

namespace tallyman::tally {

// See Import() of import.h.
absl::StatusOr<ImportResult> ImportSystemd(absl::Span<const ImportFile> files,
                                           const ImportOptions& options);

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_IMPORT_SYSTEMD_H_
