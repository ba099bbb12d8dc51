#include "server/routing/cookies.h"

#include <cstddef>
#include <string_view>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "api/http/http.h"

namespace tallyman::server {

std::vector<std::string_view> CookiesNamed(std::string_view name,
                                           std::string_view header) {
  std::vector<std::string_view> values;
  for (const std::string_view pair : absl::StrSplit(header, ';')) {
    const size_t equals = pair.find('=');
    if (equals == std::string_view::npos ||
        absl::StripAsciiWhitespace(pair.substr(0, equals)) != name) {
      continue;
    }
    values.push_back(absl::StripAsciiWhitespace(pair.substr(equals + 1)));
  }
  return values;
}

std::vector<std::string_view> CookiesNamed(std::string_view name,
                                           const api::Request& request) {
  std::vector<std::string_view> values;
  for (const auto& [key, value] : request.headers) {
    if (!absl::EqualsIgnoreCase(key, "Cookie")) continue;
    const std::vector<std::string_view> more = CookiesNamed(name, value);
    values.insert(values.end(), more.begin(), more.end());
  }
  return values;
}

}  // namespace tallyman::server
