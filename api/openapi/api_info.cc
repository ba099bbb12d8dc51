#include "api/openapi/api_info.h"

#include <vector>

#include "absl/algorithm/container.h"
#include "api/description/operation.h"

namespace tallyman::api {

std::vector<const Tag*> TagsOf(Operations operations) {
  std::vector<const Tag*> tags;
  for (const Operation* const operation : operations) {
    if (operation->tag != nullptr &&
        !absl::c_linear_search(tags, operation->tag)) {
      tags.push_back(operation->tag);
    }
  }
  return tags;
}

}  // namespace tallyman::api
