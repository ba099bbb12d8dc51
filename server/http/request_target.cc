#include "server/http/request_target.h"

#include <cstddef>
#include <string_view>

#include "api/http/http.h"
#include "api/http/params.h"

namespace tallyman::server {

void SetTarget(std::string_view target, api::Request& request) {
  const size_t mark = target.find('?');
  request.path = target.substr(0, mark);
  // Of an absolute form without a path (RFC 9110, section 4.2.3).
  if (request.path.empty()) request.path = "/";
  request.params = mark == std::string_view::npos
                       ? api::Params()
                       : api::Params::Parse(target.substr(mark + 1));
}

std::string_view OriginForm(std::string_view target) {
  if (target.starts_with('/') || target == "*") return target;
  const size_t authority = target.find("://") + 3;
  const size_t path = target.find_first_of("/?", authority);
  return path == std::string_view::npos ? "/" : target.substr(path);
}

}  // namespace tallyman::server
