#include "api/http/media_type.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "api/http/error.h"
#include "api/http/http.h"
#include "platform/base/text.h"

namespace tallyman::api {
namespace {

// tchar (RFC 9110, section 5.6.2).
bool IsTokenCharacter(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
         absl::StrContains("!#$%&'*+-.^_`|~", c);
}

// Removes optional whitespace: spaces and tabs (RFC 9110, section 5.6.3).
void SkipWhitespace(std::string_view& text) {
  const size_t end = text.find_first_not_of(" \t");
  text.remove_prefix(end == std::string_view::npos ? text.size() : end);
}

// Removes and returns the token at the beginning of `text`; "" if there is
// none.
std::string_view ConsumeToken(std::string_view& text) {
  size_t size = 0;
  while (size < text.size() && IsTokenCharacter(text[size])) ++size;
  const std::string_view token = text.substr(0, size);
  text.remove_prefix(size);
  return token;
}

// Removes the quoted string (RFC 9110, section 5.6.4) at the beginning of
// `text` and returns its value; nullopt if it has no end.
std::optional<std::string> ConsumeQuotedString(std::string_view& text) {
  std::string value;
  for (size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') {
      text.remove_prefix(i + 1);
      return value;
    }
    if (text[i] == '\\' && ++i == text.size()) break;
    value.push_back(text[i]);
  }
  return std::nullopt;
}

// Removes and returns the parameter at the beginning of `text`; nullopt if it
// is malformed. No whitespace is allowed around its "=".
std::optional<std::pair<std::string, std::string>> ConsumeParameter(
    std::string_view& text) {
  const std::string name = absl::AsciiStrToLower(ConsumeToken(text));
  if (name.empty() || !absl::ConsumePrefix(&text, "=")) return std::nullopt;
  if (text.starts_with('"')) {
    std::optional<std::string> value = ConsumeQuotedString(text);
    if (!value) return std::nullopt;
    return std::pair(name, *std::move(value));
  }
  const std::string_view value = ConsumeToken(text);
  if (value.empty()) return std::nullopt;
  return std::pair(name, std::string(value));
}

// The parameter q, from 0 to 1 (RFC 9110, section 12.4.2): 1 if it is absent, 0
// if it is malformed.
double Weight(const MediaType& type) {
  for (const auto& [name, value] : type.parameters) {
    if (name != "q") continue;
    double weight = 0;
    const bool is_number = absl::SimpleAtod(value, &weight);
    return is_number && weight >= 0 && weight <= 1 ? weight : 0;
  }
  return 1;
}

}  // namespace

std::optional<MediaType> ParseMediaType(std::string_view text) {
  SkipWhitespace(text);
  const std::string_view type = ConsumeToken(text);
  if (type.empty() || !absl::ConsumePrefix(&text, "/")) return std::nullopt;
  const std::string_view subtype = ConsumeToken(text);
  if (subtype.empty()) return std::nullopt;
  MediaType media_type;
  media_type.name = absl::AsciiStrToLower(absl::StrCat(type, "/", subtype));
  SkipWhitespace(text);
  if (!text.empty() && text.front() != ';') return std::nullopt;
  while (absl::ConsumePrefix(&text, ";")) {
    SkipWhitespace(text);
    if (text.empty() || text.front() == ';') continue;  // An empty one is fine.
    auto parameter = ConsumeParameter(text);
    if (!parameter) break;
    media_type.parameters.push_back(*std::move(parameter));
    SkipWhitespace(text);
  }
  return media_type;
}

bool HasContentType(const Request& request, std::string_view name) {
  const std::optional<MediaType> type =
      ParseMediaType(request.Header("Content-Type"));
  return type && type->name == name;
}

bool Prefers(const Request& request, std::string_view name,
             std::string_view other) {
  double quality = 0;
  double other_quality = 0;
  for (const auto& [header, value] : request.headers) {
    if (!absl::EqualsIgnoreCase(header, "Accept")) continue;
    // No type that is asked for has parameters with commas.
    for (const std::string_view range : absl::StrSplit(value, ',')) {
      const std::optional<MediaType> type = ParseMediaType(range);
      if (!type || (type->name != name && type->name != other)) continue;
      const double weight = Weight(*type);
      double& best = type->name == name ? quality : other_quality;
      best = std::max(best, weight);
    }
  }
  return quality > other_quality;
}

Error UnsupportedMediaType(const Request& request, std::string_view expected) {
  return {ErrorKind::kUnsupportedMediaType,
          absl::StrCat("the Content-Type is ",
                       base::Quote(request.Header("Content-Type")), "; send ",
                       expected)};
}

}  // namespace tallyman::api
