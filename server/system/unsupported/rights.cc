#include "server/system/rights.h"

#include <string>
#include <vector>

namespace tallyman::server {

std::vector<std::string> MissingRights(const std::string& /*proc_root*/) {
  return {};
}

}  // namespace tallyman::server
