#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "absl/log/check.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "platform/macos/process_arguments.h"

namespace tallyman::platform {
namespace {

constexpr size_t kNumberBytes = sizeof(int32_t);

std::string WithoutNulsAtEnd(std::string text) {
  while (!text.empty() && text.back() == '\0') text.pop_back();
  return text;
}

std::string Number(int32_t value) {
  std::string bytes(sizeof(value), '\0');
  std::memcpy(bytes.data(), &value, sizeof(value));
  return bytes;
}

// Any bytes: the arguments are those that a second, plainer parser finds.
void TestAnyBlock(std::string_view block) {
  // Of exactly this size, so that AddressSanitizer sees reads past it.
  const std::vector<char> copy(block.begin(), block.end());
  const std::string_view found =
      FindArguments(std::string_view(copy.data(), copy.size()));
  std::string expected;
  int32_t count = 0;
  if (block.size() >= kNumberBytes) {
    std::memcpy(&count, block.data(), kNumberBytes);
  }
  if (count > 0) {
    std::vector<std::string_view> strings =
        absl::StrSplit(block.substr(kNumberBytes), '\0');
    const size_t path_bytes = strings[0].size();
    // The strings of the padding are empty.
    const size_t padding = 8 - path_bytes % 8;
    const bool is_padded =
        strings.size() > padding &&
        std::all_of(strings.begin() + 1,
                    strings.begin() + static_cast<ptrdiff_t>(padding),
                    [](std::string_view text) { return text.empty(); });
    if (is_padded) {
      strings.erase(strings.begin(),
                    strings.begin() + static_cast<ptrdiff_t>(padding));
      // After the NUL at the end there is no string.
      if (strings.size() > 1 && strings.back().empty()) strings.pop_back();
      const auto wanted = static_cast<size_t>(count);
      strings.resize(wanted <= strings.size() ? wanted : 1);
      expected = WithoutNulsAtEnd(absl::StrJoin(strings, std::string(1, '\0')));
    }
  }
  CHECK_EQ(found, expected);
}

// A block as the kernel writes it: the arguments and no part of the
// environment. `text` has the path and the arguments, each with a NUL.
void TestWrittenBlock(std::string_view text) {
  std::vector<std::string_view> strings = absl::StrSplit(text, '\0');
  const std::string_view path = strings[0];
  std::string arguments;
  for (size_t i = 1; i < strings.size(); ++i) {
    absl::StrAppend(&arguments, strings[i], std::string(1, '\0'));
  }
  const std::string block = absl::StrCat(
      Number(static_cast<int32_t>(strings.size() - 1)), path,
      std::string(8 - path.size() % 8, '\0'), arguments, "SECRET=hunter2",
      std::string(3, '\0'), "main_stack=", std::string(1, '\0'));
  CHECK_EQ(FindArguments(block), WithoutNulsAtEnd(arguments));
}

}  // namespace
}  // namespace tallyman::platform

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  tallyman::platform::TestAnyBlock(bytes);
  tallyman::platform::TestWrittenBlock(bytes);
  return 0;
}
