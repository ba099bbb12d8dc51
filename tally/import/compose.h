// Reads a compose file: https://github.com/compose-spec/compose-spec

#ifndef TALLYMAN_TALLY_IMPORT_COMPOSE_H_
#define TALLYMAN_TALLY_IMPORT_COMPOSE_H_

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "tally/import/types.h"

namespace tallyman::tally {

// See Import() of import.h.
absl::StatusOr<ImportResult> ImportCompose(absl::Span<const ImportFile> files,
                                           const ImportOptions& options);

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_IMPORT_COMPOSE_H_
