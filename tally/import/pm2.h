// Reads a file of PM2:
// https://pm2.keymetrics.io/docs/usage/application-declaration/

#ifndef TALLYMAN_TALLY_IMPORT_PM2_H_
#define TALLYMAN_TALLY_IMPORT_PM2_H_

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "tally/import/types.h"

namespace tallyman::tally {

// See Import() of import.h.
absl::StatusOr<ImportResult> ImportPm2(absl::Span<const ImportFile> files,
                                       const ImportOptions& options);

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_IMPORT_PM2_H_
