#include "platform/windows/command_line.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "platform/windows/fake_windows_system.h"
#include "platform/windows/windows_system.h"

namespace tallyman::platform {
namespace {

constexpr int32_t kPid = 8;

// A system whose call for command lines returns any bytes.
class RawCommandLines : public FakeWindowsSystem {
 public:
  // The result for a buffer at `address`.
  std::string (*bytes)(uint64_t address) = nullptr;
  std::optional<size_t> reported_size;

  CallResult ReadCommandLine(ProcessHandleValue process,
                             absl::Span<char> buffer, size_t& size) override {
    if (bytes == nullptr) {
      return FakeWindowsSystem::ReadCommandLine(process, buffer, size);
    }
    const std::string result =
        bytes(reinterpret_cast<uintptr_t>(buffer.data()));
    std::copy(result.begin(), result.end(), buffer.begin());
    size = reported_size.value_or(result.size());
    return CallResult::kOk;
  }
};

class CommandLineTest : public testing::Test {
 protected:
  CommandLineTest() { system_.Add({.pid = kPid}); }
  ~CommandLineTest() override { EXPECT_EQ(system_.num_open(), 0); }

  FakeProcess& process() { return system_.processes().front(); }

  // The command line of the process; nullopt for any error.
  std::optional<std::string> Read(bool from_memory) {
    ProcessHandleValue handle;
    EXPECT_EQ(system_.Open(kPid,
                           from_memory ? ProcessAccess::kReadMemory
                                       : ProcessAccess::kQuery,
                           handle),
              CallResult::kOk);
    std::string_view utf16 = "unset";
    result_ = from_memory ? reader_.ReadFromMemory(handle, utf16)
                          : reader_.Read(handle, utf16);
    system_.Close(handle);
    if (result_ != CallResult::kOk) return std::nullopt;
    return std::string(utf16);
  }

  RawCommandLines system_;
  CommandLineReader reader_{system_};
  CallResult result_ = CallResult::kOk;
};

TEST_F(CommandLineTest, TheCallReturnsTheText) {
  process().command_line = u"\"C:\\Program Files\\a.exe\" -x  \"b c\" ";
  EXPECT_EQ(Read(false), Utf16Bytes(process().command_line));
  EXPECT_EQ(system_.calls().command_lines, 1);
  EXPECT_EQ(system_.calls().memory_reads, 0);
}

TEST_F(CommandLineTest, AnEmptyText) { EXPECT_EQ(Read(false), ""); }

TEST_F(CommandLineTest, TheLongestTextFits) {
  process().command_line = std::u16string(0x7fff, u'x');
  EXPECT_EQ(Read(false), Utf16Bytes(process().command_line));
}

TEST_F(CommandLineTest, ErrorsOfTheCall) {
  process().command_line_call = CallResult::kAccessDenied;
  EXPECT_EQ(Read(false), std::nullopt);
  EXPECT_EQ(result_, CallResult::kAccessDenied);
  system_.set_has_command_line_call(false);
  EXPECT_EQ(Read(false), std::nullopt);
  EXPECT_EQ(result_, CallResult::kNotSupported);
}

TEST_F(CommandLineTest, AResultWithoutAWholeStringFails) {
  system_.bytes = [](uint64_t address) {
    return FakeUnicodeString(u"cmd", address).substr(0, 15);
  };
  EXPECT_EQ(Read(false), std::nullopt);
  EXPECT_EQ(result_, CallResult::kFailed);
  system_.bytes = [](uint64_t) { return std::string(); };
  EXPECT_EQ(Read(false), std::nullopt);
}

TEST_F(CommandLineTest, ATextThatIsCutFails) {
  system_.bytes = [](uint64_t address) {
    return FakeUnicodeString(u"cmd", address);
  };
  EXPECT_EQ(Read(false), Utf16Bytes(u"cmd"));
  // The bytes are there, but the system did not say so.
  system_.reported_size = 16 + 5;
  EXPECT_EQ(Read(false), std::nullopt);
}

TEST_F(CommandLineTest, ATextOutsideOfTheResultFails) {
  system_.bytes = [](uint64_t address) {
    return FakeUnicodeString(u"cmd", address + 2);
  };
  EXPECT_EQ(Read(false), std::nullopt);
  system_.bytes = [](uint64_t address) {
    return FakeUnicodeString(u"cmd", address - 100);
  };
  EXPECT_EQ(Read(false), std::nullopt);
  system_.bytes = [](uint64_t) { return FakeUnicodeString(u"cmd", 0); };
  EXPECT_EQ(Read(false), std::nullopt);
}

TEST_F(CommandLineTest, ASizeLargerThanTheBufferIsNotBelieved) {
  system_.bytes = [](uint64_t address) {
    return FakeUnicodeString(u"cmd", address + 0x10000);
  };
  system_.reported_size = size_t{1} << 40;
  EXPECT_EQ(Read(false), std::nullopt);
}

TEST_F(CommandLineTest, AnOddLengthIsKept) {
  system_.bytes = [](uint64_t address) {
    std::string bytes = FakeUnicodeString(u"cmd", address);
    bytes[0] = 5;
    return bytes;
  };
  EXPECT_EQ(Read(false), Utf16Bytes(u"cmd").substr(0, 5));
}

TEST_F(CommandLineTest, FromTheMemoryOfA64BitProcess) {
  AddPeb(u"notepad a.txt", /*is_32_bit=*/false, /*normalized=*/true, process());
  EXPECT_EQ(Read(true), Utf16Bytes(u"notepad a.txt"));
  EXPECT_EQ(system_.calls().command_lines, 0);
  EXPECT_EQ(system_.calls().memory_reads, 3);
}

TEST_F(CommandLineTest, FromTheMemoryOfA32BitProcess) {
  AddPeb(u"notepad a.txt", /*is_32_bit=*/true, /*normalized=*/true, process());
  EXPECT_EQ(Read(true), Utf16Bytes(u"notepad a.txt"));
  EXPECT_EQ(system_.calls().memory_reads, 3);
}

TEST_F(CommandLineTest, FromTheMemoryOfAProcessThatHasNotRun) {
  for (const bool is_32_bit : {false, true}) {
    process().memory.clear();
    process().peb = {};
    AddPeb(u"notepad", is_32_bit, /*normalized=*/false, process());
    EXPECT_EQ(Read(true), Utf16Bytes(u"notepad")) << is_32_bit;
  }
}

TEST_F(CommandLineTest, AnEmptyTextInMemoryIsNotRead) {
  AddPeb(u"", /*is_32_bit=*/false, /*normalized=*/true, process());
  EXPECT_EQ(Read(true), "");
  EXPECT_EQ(system_.calls().memory_reads, 2);
}

TEST_F(CommandLineTest, TheLongestTextInMemoryFits) {
  const std::u16string longest(0x7fff, u'x');
  AddPeb(longest, /*is_32_bit=*/false, /*normalized=*/true, process());
  EXPECT_EQ(Read(true), Utf16Bytes(longest));
  // The process can write any length.
  process().memory[process().peb.peb + 0x10000].replace(0x70, 2, "\xff\xff");
  process().memory[process().peb.peb + 0x20000].resize(0x10000, 'y');
  EXPECT_EQ(Read(true), Utf16Bytes(longest) + "y");
}

TEST_F(CommandLineTest, UnreadableMemoryFails) {
  for (const bool is_32_bit : {false, true}) {
    process().memory.clear();
    process().peb = {};
    AddPeb(u"notepad", is_32_bit, /*normalized=*/true, process());
    const auto memory = process().memory;
    for (const auto& [address, part] : memory) {
      process().memory.erase(address);
      EXPECT_EQ(Read(true), std::nullopt) << address;
      // The last byte is not readable.
      process().memory[address] = part.substr(0, part.size() - 1);
      EXPECT_EQ(Read(true), std::nullopt) << address;
      process().memory = memory;
    }
    EXPECT_EQ(Read(true), Utf16Bytes(u"notepad"));
  }
}

TEST_F(CommandLineTest, AProcessWithoutPebFails) {
  EXPECT_EQ(Read(true), std::nullopt);
  EXPECT_EQ(result_, CallResult::kFailed);
  EXPECT_EQ(system_.calls().memory_reads, 0);
}

}  // namespace
}  // namespace tallyman::platform
