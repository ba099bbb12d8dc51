#include "api/http/params.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "platform/base/text.h"

namespace tallyman::api {
namespace {

// The value of a hexadecimal digit; -1 for any other character.
int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string Decode(std::string_view text, bool plus_is_space) {
  const size_t first =
      text.find_first_of(plus_is_space ? std::string_view("%+") : "%");
  std::string decoded(text.substr(0, first));
  if (first == std::string_view::npos) return decoded;
  decoded.reserve(text.size());
  for (size_t i = first; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      const int high = HexValue(text[i + 1]);
      const int low = HexValue(text[i + 2]);
      if (high >= 0 && low >= 0) {
        decoded.push_back(static_cast<char>(high * 16 + low));
        i += 2;
        continue;
      }
    }
    decoded.push_back(plus_is_space && text[i] == '+' ? ' ' : text[i]);
  }
  return decoded;
}

}  // namespace

Params Params::Parse(std::string_view text) {
  Params params;
  for (const std::string_view pair : absl::StrSplit(text, '&')) {
    if (pair.empty()) continue;
    const size_t equals = pair.find('=');
    const std::string_view value = equals == std::string_view::npos
                                       ? std::string_view()
                                       : pair.substr(equals + 1);
    params.all_.emplace_back(Decode(pair.substr(0, equals), true),
                             Decode(value, true));
  }
  return params;
}

std::optional<std::string_view> Params::Get(std::string_view name) const {
  for (const auto& [key, value] : all_) {
    if (key == name) return value;
  }
  return std::nullopt;
}

absl::StatusOr<std::optional<int64_t>> Params::GetInteger(std::string_view name,
                                                          int64_t min,
                                                          int64_t max) const {
  const std::optional<std::string_view> text = Get(name);
  if (!text) return std::nullopt;
  int64_t number = 0;
  if (text->find_first_not_of("0123456789") != std::string_view::npos ||
      !absl::SimpleAtoi(*text, &number) || number < min || number > max) {
    return absl::InvalidArgumentError(
        absl::StrCat(name, ": ", base::Quote(*text), " is not an integer from ",
                     min, " to ", max));
  }
  return number;
}

std::string DecodePercent(std::string_view text) {
  return Decode(text, /*plus_is_space=*/false);
}

}  // namespace tallyman::api
