#include "platform/macos/process_arguments.h"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "platform/macos/fake_macos_system.h"

namespace tallyman::platform {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kEnvironment =
    "HOME=/Users/jblow\0SECRET=hunter2\0\0\0ptr_munge=\0main_stack=\0"sv;

// A copy of exactly this size, so that AddressSanitizer sees reads past it.
std::string Find(std::string_view block) {
  const std::string copy(block);
  return std::string(FindArguments(copy));
}

// The arguments of a program with this number of arguments and these strings,
// before its environment.
std::string FindIn(int32_t count, std::string_view arguments,
                   std::string_view path = "/bin/sleep") {
  return Find(
      ArgumentsBlock(count, path, absl::StrCat(arguments, kEnvironment)));
}

TEST(ProcessArgumentsTest, FindsTheArguments) {
  EXPECT_EQ(FindIn(2,
                   "sleep\0"
                   "60\0"sv),
            "sleep\0"
            "60"sv);
  EXPECT_EQ(FindIn(1, "sleep\0"sv), "sleep");
}

// The bytes of a block, not built by the tests' helper.
TEST(ProcessArgumentsTest, FindsTheArgumentsInPlainBytes) {
  EXPECT_EQ(Find("\2\0\0\0/bin/ls\0ls\0-l\0HOME=/\0"sv), "ls\0-l"sv);
  EXPECT_EQ(Find("\2\0\0\0/bin/cat\0\0\0\0\0\0\0\0cat\0-n\0HOME=/\0"sv),
            "cat\0-n"sv);
  EXPECT_EQ(Find("\1\0\0\0/bin/cat\0\0\0\0\0\0\0\0\0HOME=/\0"sv), "");
}

TEST(ProcessArgumentsTest, ThePathMayHaveAnyLength) {
  for (size_t size = 0; size <= 40; ++size) {
    ASSERT_EQ(FindIn(2, "a\0b\0"sv, std::string(size, 'p')), "a\0b"sv) << size;
  }
}

TEST(ProcessArgumentsTest, EmptyArgumentsInsideAreKept) {
  EXPECT_EQ(FindIn(3, "a\0\0b\0"sv), "a\0\0b"sv);
  EXPECT_EQ(FindIn(4, "a\0\0\0b\0"sv), "a\0\0\0b"sv);
}

// As on Linux, where they cannot be told from the padding of setproctitle(3).
TEST(ProcessArgumentsTest, EmptyArgumentsAtTheEndAreLeftOut) {
  EXPECT_EQ(FindIn(3, "a\0\0\0"sv), "a");
}

// An empty first argument looks like padding, and to skip it would take the
// environment for the last argument.
TEST(ProcessArgumentsTest, AnEmptyFirstArgumentIsNoPadding) {
  for (size_t size = 0; size <= 16; ++size) {
    const std::string path(size, 'p');
    ASSERT_EQ(FindIn(2, "\0b\0"sv, path), "\0b"sv) << size;
    ASSERT_EQ(FindIn(1, "\0"sv, path), "") << size;
    ASSERT_EQ(FindIn(9, "\0\0\0\0\0\0\0\0\0"sv, path), "") << size;
  }
}

TEST(ProcessArgumentsTest, AnEmptyVectorHasNoArguments) {
  EXPECT_EQ(FindIn(0, ""), "");
  EXPECT_EQ(Find(ArgumentsBlock(0, "/bin/sleep", "")), "");
  EXPECT_EQ(FindIn(-1, "a\0"sv), "");
  EXPECT_EQ(FindIn(std::numeric_limits<int32_t>::min(), "a\0"sv), "");
}

TEST(ProcessArgumentsTest, TheSystemMayLeaveOutTheEnvironment) {
  EXPECT_EQ(Find(ArgumentsBlock(2, "/usr/bin/login", "login\0-f\0"sv)),
            "login\0-f"sv);
}

TEST(ProcessArgumentsTest, TheLastArgumentMayLackItsNul) {
  EXPECT_EQ(Find(ArgumentsBlock(2, "/bin/sleep",
                                "sleep\0"
                                "60"sv)),
            "sleep\0"
            "60"sv);
  EXPECT_EQ(Find(ArgumentsBlock(1, "/bin/sleep", "sleep")), "sleep");
}

// The number is not of these strings: any of them but the first may be of the
// environment.
TEST(ProcessArgumentsTest, TooLargeANumberLeavesTheFirstArgument) {
  EXPECT_EQ(FindIn(100,
                   "sleep\0"
                   "60\0"sv),
            "sleep");
  EXPECT_EQ(FindIn(std::numeric_limits<int32_t>::max(),
                   "sleep\0"
                   "60\0"sv),
            "sleep");
  EXPECT_EQ(Find(ArgumentsBlock(3, "/bin/sleep",
                                "sleep\0"
                                "60\0"sv)),
            "sleep");
  EXPECT_EQ(Find(ArgumentsBlock(3, "/bin/sleep",
                                "sleep\0"
                                "60"sv)),
            "sleep");
  EXPECT_EQ(Find(ArgumentsBlock(2, "/bin/sleep", "sleep")), "sleep");
  EXPECT_EQ(Find(ArgumentsBlock(2, "/bin/sleep", "\0"sv)), "");
  EXPECT_EQ(Find(ArgumentsBlock(2, "/bin/sleep", "")), "");
}

TEST(ProcessArgumentsTest, OtherLayoutsHaveNoArguments) {
  // Bytes in the padding of the path.
  EXPECT_EQ(Find("\2\0\0\0/bin/sleep\0\0sleep\0"
                 "60\0"sv),
            "");
  // No NUL after the path.
  EXPECT_EQ(Find("\2\0\0\0/bin/sleep"sv), "");
  EXPECT_EQ(Find("\2\0\0\0"sv), "");
  EXPECT_EQ(Find("\2\0\0"sv), "");
  EXPECT_EQ(Find(""), "");
  // The padding is cut.
  EXPECT_EQ(Find("\2\0\0\0/bin/sleep\0\0\0"sv), "");
}

TEST(ProcessArgumentsTest, TruncatedTo4MiB) {
  constexpr size_t k4MiB = size_t{4} << 20;
  const std::string exact(k4MiB, 'x');
  EXPECT_EQ(FindIn(1, exact + '\0'), exact);
  EXPECT_EQ(FindIn(2, absl::StrCat(exact, "\0y\0"sv)), exact);
  EXPECT_EQ(FindIn(1, absl::StrCat(exact, "y\0"sv)), exact);
}

// For every prefix of a block: nothing that is no argument, and never the
// environment.
TEST(ProcessArgumentsTest, EveryPrefixHasArgumentsOnly) {
  const std::string block = ArgumentsBlock(
      3, "/bin/sh", absl::StrCat("sh\0-c\0exit\0"sv, kEnvironment));
  for (size_t size = 0; size <= block.size(); ++size) {
    const std::string found = Find(block.substr(0, size));
    ASSERT_TRUE("sh\0-c\0exit"sv.starts_with(found)) << size;
  }
}

// Random bytes: whatever they are, the result is inside the block, after the
// path, and has no NUL at its end and fewer NULs than the block has arguments.
TEST(ProcessArgumentsTest, RandomBlocks) {
  std::mt19937 random(1);  // NOLINT(cert-msc51-cpp): the same bytes each time.
  const std::string_view alphabet = "\0\0\0ab\1\2\xff"sv;
  for (int round = 0; round < 20'000; ++round) {
    std::string block(random() % 48, '\0');
    for (char& c : block) c = alphabet[random() % alphabet.size()];
    if (block.size() >= 4) {
      StoreLittleEndian(static_cast<int32_t>(random() % 6), 0, block);
    }
    const std::string_view found = FindArguments(block);
    if (found.empty()) continue;
    ASSERT_GE(found.data(), block.data() + 4 + 8);
    ASSERT_LE(found.data() + found.size(), block.data() + block.size());
    ASSERT_EQ((found.data() - block.data() - 4) % 8, 0);
    ASSERT_NE(found.back(), '\0');
    int32_t count = static_cast<unsigned char>(block[0]);
    for (const char c : found) count -= c == '\0' ? 1 : 0;
    ASSERT_GT(count, 0);
  }
}

}  // namespace
}  // namespace tallyman::platform
