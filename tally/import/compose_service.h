// One service of a compose file.

#ifndef TALLYMAN_TALLY_IMPORT_COMPOSE_SERVICE_H_
#define TALLYMAN_TALLY_IMPORT_COMPOSE_SERVICE_H_

#include <set>
#include <string>
#include <string_view>

#include "absl/types/span.h"
#include "tally/import/config_tree.h"
#include "tally/import/draft.h"
#include "tally/import/types.h"

namespace tallyman::tally {

// Adds the service `member` of `file` to the draft. `env_files` are those of
// variables that were given; the ones that it takes are added to `used`.
void ReadComposeService(std::string_view file, const ConfigMember& member,
                        absl::Span<const ImportFile> env_files,
                        std::set<std::string>& used, StackDraft& draft);

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_IMPORT_COMPOSE_SERVICE_H_
