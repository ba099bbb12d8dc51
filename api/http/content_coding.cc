#include "api/http/content_coding.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "api/http/http.h"

namespace tallyman::api {
namespace {

// A quality from 0 to 1 with up to three decimals (RFC 9110, section 12.4.2),
// in thousandths; 0 if `text` is none.
int ParseQuality(std::string_view text) {
  if (text.empty() || (text[0] != '0' && text[0] != '1')) return 0;
  int quality = text[0] == '1' ? 1000 : 0;
  text.remove_prefix(1);
  if (text.empty()) return quality;
  if (text[0] != '.' || text.size() > 4) return 0;
  text.remove_prefix(1);
  int unit = 100;
  for (const char c : text) {
    if (!absl::ascii_isdigit(static_cast<unsigned char>(c))) return 0;
    quality += unit * (c - '0');
    unit /= 10;
  }
  return quality <= 1000 ? quality : 0;
}

// "gzip;q=0.5": the name, and its quality in thousandths.
std::pair<std::string_view, int> ParseCoding(std::string_view text) {
  const size_t semicolon = text.find(';');
  const std::string_view name =
      absl::StripAsciiWhitespace(text.substr(0, semicolon));
  if (semicolon == std::string_view::npos) return {name, 1000};
  std::string_view weight =
      absl::StripAsciiWhitespace(text.substr(semicolon + 1));
  if (!absl::ConsumePrefix(&weight, "q=") &&
      !absl::ConsumePrefix(&weight, "Q=")) {
    return {name, 0};
  }
  return {name, ParseQuality(weight)};
}

}  // namespace

bool PrefersGzip(const Request& request) {
  std::optional<int> gzip;
  std::optional<int> identity;
  std::optional<int> any;
  for (const auto& [header, value] : request.headers) {
    if (!absl::EqualsIgnoreCase(header, "Accept-Encoding")) continue;
    for (const std::string_view item : absl::StrSplit(value, ',')) {
      const auto [name, quality] = ParseCoding(item);
      // Two names of one coding (RFC 9110, section 8.4.1.3).
      if (absl::EqualsIgnoreCase(name, "gzip") ||
          absl::EqualsIgnoreCase(name, "x-gzip")) {
        gzip = std::max(gzip.value_or(0), quality);
      } else if (absl::EqualsIgnoreCase(name, "identity")) {
        identity = std::max(identity.value_or(0), quality);
      } else if (name == "*") {
        any = std::max(any.value_or(0), quality);
      }
    }
  }
  const int quality = gzip.value_or(any.value_or(0));
  return quality > 0 && quality >= identity.value_or(0);
}

}  // namespace tallyman::api
