// What the parsers return is in the text, and no part of a value is a name.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/log/check.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "platform/linux/proc_detail_text.h"
#include "tools/fuzz/input.h"

namespace tallyman::platform {
namespace {

void TestNames(std::string_view text) {
  ForEachVariableName(text, [text](std::string_view name) {
    CHECK(!name.empty());
    const auto begin = static_cast<size_t>(name.data() - text.data());
    CHECK_LT(begin + name.size(), text.size());
    CHECK_EQ(text[begin + name.size()], '=');
    // It is the beginning of the text, or follows a part that is a variable.
    if (begin == 0) return;
    CHECK_EQ(text[begin - 1], '\0');
    const std::string_view before = text.substr(0, begin - 1);
    const size_t last = before.rfind('\0');
    CHECK(absl::StrContains(
        before.substr(last == std::string_view::npos ? 0 : last + 1), "="));
  });
}

void TestRows(std::string_view line) {
  if (const auto row = ParseInetRow(line)) {
    CHECK(absl::StrContains(line, row->address));
    CHECK_GE(row->port, 0);
    CHECK_LE(row->port, 0xffff);
    const std::string address = InetAddressText(row->address);
    CHECK(address.empty() || row->address.size() == 8 ||
          row->address.size() == 32);
  }
  if (const auto row = ParseUnixRow(line)) {
    CHECK(absl::EndsWith(line, row->path));
  }
  if (const auto inode = ParseSocketLink(line)) {
    CHECK(ParseSocketLink(absl::StrCat("socket:[", *inode, "]")) == inode);
  }
}

}  // namespace
}  // namespace tallyman::platform

// A line of a table or a link; then the text of environ or smaps_rollup.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  tallyman::fuzz::Input input(data, size);
  tallyman::platform::TestRows(input.TakeLine());
  tallyman::platform::TestNames(input.rest());
  if (const auto bytes = tallyman::platform::ParsePss(input.rest())) {
    CHECK_GE(*bytes, 0);
    CHECK_EQ(*bytes % 1024, 0);
  }
  return 0;
}
