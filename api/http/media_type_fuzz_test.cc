#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/log/check.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "api/http/error.h"
#include "api/http/http.h"
#include "api/http/media_type.h"
#include "tools/fuzz/input.h"

namespace tallyman::api {
namespace {

// All values as quoted strings, with an escape before each character.
std::string Write(const MediaType& type) {
  std::string text = type.name;
  for (const auto& [name, value] : type.parameters) {
    absl::StrAppend(&text, "; ", name, "=\"");
    for (const char c : value) absl::StrAppend(&text, "\\", std::string(1, c));
    absl::StrAppend(&text, "\"");
  }
  return text;
}

void TestMediaType(std::string_view text) {
  const std::optional<MediaType> type = ParseMediaType(text);
  const Request request = {.headers = {{"Content-Type", text}}};
  fuzz::CheckMessage(UnsupportedMediaType(request, kJsonMediaType).details);
  CHECK_EQ(HasContentType(request, kJsonMediaType),
           type && type->name == kJsonMediaType);
  if (!type) return;
  CHECK(HasContentType(request, type->name));
  CHECK_EQ(type->name, absl::AsciiStrToLower(type->name));
  CHECK_GE(type->name.size(), 3u);  // "a/b"
  for (const auto& [name, value] : type->parameters) {
    CHECK(!name.empty());
    CHECK_EQ(name, absl::AsciiStrToLower(name));
  }
  const std::string written = Write(*type);
  const std::optional<MediaType> again = ParseMediaType(written);
  CHECK(again.has_value()) << written;
  CHECK_EQ(again->name, type->name);
  CHECK(again->parameters == type->parameters) << written;
}

}  // namespace
}  // namespace tallyman::api

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  tallyman::api::TestMediaType(tallyman::fuzz::Input(data, size).rest());
  return 0;
}
