#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/log/check.h"
#include "absl/strings/str_cat.h"
#include "api/http/content_coding.h"
#include "api/http/http.h"
#include "tools/fuzz/input.h"

namespace tallyman::api {
namespace {

bool Prefers(std::string_view text) {
  const Request request = {.headers = {{"Accept-Encoding", text}}};
  return PrefersGzip(request);
}

void TestContentCoding(std::string_view text) {
  const bool prefers = Prefers(text);
  // Entries without a name change nothing.
  CHECK_EQ(Prefers(absl::StrCat(",", text, ", ,")), prefers);
  // Nothing is preferred to gzip of quality 1.
  CHECK(Prefers(absl::StrCat("gzip,", text)));
  // Other codings do not matter.
  CHECK_EQ(Prefers(absl::StrCat("br;q=0.3,", text)), prefers);
}

}  // namespace
}  // namespace tallyman::api

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  tallyman::api::TestContentCoding(tallyman::fuzz::Input(data, size).rest());
  return 0;
}
