#include "platform/windows/process_table.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/windows/fake_windows_system.h"

namespace tallyman::platform {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr uint64_t kAddress = 0x1a2b'3c4d'0000;
constexpr size_t kEntryBytes = 0x100;
constexpr size_t kThreadBytes = 80;
// The second entry of ThreeProcesses().
constexpr size_t kSecondEntry = kEntryBytes + 8 * kThreadBytes;

// What a table has. Reads from a copy of exactly its size, so that
// AddressSanitizer sees each byte too many.
struct Parsed {
  explicit Parsed(std::string_view table, uint64_t address = kAddress)
      : bytes(table.begin(), table.end()) {
    ProcessTable parser(std::string_view(bytes.data(), bytes.size()), address);
    ProcessEntry entry;
    while (parser.Next(entry)) entries.push_back(entry);
    EXPECT_FALSE(parser.Next(entry));
    malformed = parser.malformed();
  }

  std::vector<int64_t> Pids() const {
    std::vector<int64_t> pids;
    pids.reserve(entries.size());
    for (const ProcessEntry& entry : entries) pids.push_back(entry.pid);
    return pids;
  }

  std::vector<char> bytes;
  std::vector<ProcessEntry> entries;
  bool malformed;
};

std::string ThreeProcesses() {
  return FakeProcessTable({{.pid = 0, .num_threads = 8},
                           {.pid = 4, .name = u"System", .num_threads = 3},
                           {.pid = 88, .parent_pid = 4, .name = u"smss.exe"}},
                          kAddress);
}

template <typename Integer>
void Store(Integer value, size_t offset, std::string& table) {
  std::memcpy(table.data() + offset, &value, sizeof(value));
}

TEST(ProcessTableTest, AllValuesOfAProcess) {
  const Parsed table(
      FakeProcessTable({{.pid = 6020,
                         .parent_pid = 700,
                         .name = u"svchost.exe",
                         .num_threads = 16,
                         .creation_time = 132'000'000'000'000'001,
                         .user_time = 11,
                         .kernel_time = 22,
                         .virtual_bytes = 2203555188736,
                         .working_set_bytes = 44,
                         .peak_working_set_bytes = 55,
                         .read_bytes = 66,
                         .written_bytes = 77}},
                       kAddress));
  EXPECT_FALSE(table.malformed);
  ASSERT_EQ(table.entries.size(), 1u);
  const ProcessEntry& entry = table.entries[0];
  EXPECT_EQ(entry.pid, 6020);
  EXPECT_EQ(entry.parent_pid, 700);
  EXPECT_EQ(entry.utf16_name, Utf16Bytes(u"svchost.exe"));
  EXPECT_EQ(entry.num_threads, 16);
  EXPECT_EQ(entry.creation_time, 132'000'000'000'000'001);
  EXPECT_EQ(entry.user_time, 11);
  EXPECT_EQ(entry.kernel_time, 22);
  EXPECT_EQ(entry.virtual_bytes, 2203555188736);
  EXPECT_EQ(entry.working_set_bytes, 44);
  EXPECT_EQ(entry.peak_working_set_bytes, 55);
  EXPECT_EQ(entry.read_bytes, 66);
  EXPECT_EQ(entry.written_bytes, 77);
}

TEST(ProcessTableTest, SeveralProcessesUpToTheLast) {
  const Parsed table(ThreeProcesses());
  EXPECT_FALSE(table.malformed);
  EXPECT_THAT(table.Pids(), ElementsAre(0, 4, 88));
  EXPECT_EQ(table.entries[0].utf16_name, "");
  EXPECT_EQ(table.entries[1].utf16_name, Utf16Bytes(u"System"));
  EXPECT_EQ(table.entries[2].utf16_name, Utf16Bytes(u"smss.exe"));
  // What follows the last entry is no entry.
  EXPECT_EQ(Parsed(ThreeProcesses() + std::string(512, '\x01')).entries.size(),
            3u);
}

TEST(ProcessTableTest, SeventyThousandProcesses) {
  std::vector<FakeProcess> processes;
  processes.reserve(70'000);
  for (uint64_t i = 0; i < 70'000; ++i) {
    processes.push_back({.pid = i * 4, .name = u"worker.exe"});
  }
  const Parsed table(FakeProcessTable(processes, kAddress));
  EXPECT_FALSE(table.malformed);
  ASSERT_EQ(table.entries.size(), 70'000u);
  EXPECT_EQ(table.entries.back().pid, 279'996);
  EXPECT_EQ(table.entries.back().utf16_name, Utf16Bytes(u"worker.exe"));
}

TEST(ProcessTableTest, ATableThatEndsEarlyIsMalformed) {
  const std::string whole = ThreeProcesses();
  const size_t last = whole.size() - (kEntryBytes + kThreadBytes + 16);
  for (size_t size = 0; size < whole.size(); ++size) {
    const Parsed table(whole.substr(0, size));
    // The last entry is whole without its threads and its name.
    EXPECT_EQ(table.malformed, size < last + kEntryBytes) << size;
    EXPECT_LE(table.entries.size(), 3u) << size;
  }
  EXPECT_THAT(Parsed(whole.substr(0, last + kEntryBytes + kThreadBytes))
                  .entries.back()
                  .utf16_name,
              IsEmpty());
}

TEST(ProcessTableTest, AWrongOffsetOfTheNextProcessIsMalformed) {
  const std::string whole = ThreeProcesses();
  for (const uint32_t step :
       {uint32_t{1}, uint32_t{8}, uint32_t{kEntryBytes - 1},
        static_cast<uint32_t>(whole.size()),
        static_cast<uint32_t>(whole.size() + 1),
        static_cast<uint32_t>(whole.size() - kEntryBytes + 1), 0x7fffffffu,
        0x80000000u, 0xffffffffu}) {
    std::string changed = whole;
    Store(step, 0, changed);
    const Parsed table(changed);
    EXPECT_TRUE(table.malformed) << step;
    EXPECT_THAT(table.Pids(), ElementsAre(0)) << step;
  }
}

TEST(ProcessTableTest, ANameOutsideOfTheTableIsUnknown) {
  const std::string whole = ThreeProcesses();
  const size_t buffer = kSecondEntry + 0x40;
  for (const uint64_t address :
       {uint64_t{0}, uint64_t{8}, kAddress - 1, kAddress + whole.size() - 11,
        kAddress + whole.size(), kAddress + whole.size() + 1,
        std::numeric_limits<uint64_t>::max()}) {
    std::string changed = whole;
    Store(address, buffer, changed);
    const Parsed table(changed);
    EXPECT_FALSE(table.malformed) << address;
    ASSERT_THAT(table.Pids(), ElementsAre(0, 4, 88)) << address;
    EXPECT_EQ(table.entries[1].utf16_name, "") << address;
    EXPECT_EQ(table.entries[2].utf16_name, Utf16Bytes(u"smss.exe")) << address;
  }
  // The last 12 bytes of the table are in it.
  std::string changed = whole;
  Store(kAddress + whole.size() - 12, buffer, changed);
  EXPECT_EQ(Parsed(changed).entries[1].utf16_name,
            whole.substr(whole.size() - 12));
}

TEST(ProcessTableTest, ATooLongNameIsUnknown) {
  std::string changed = ThreeProcesses();
  Store(uint16_t{0xffff}, kSecondEntry + 0x38, changed);
  const Parsed table(changed);
  ASSERT_THAT(table.Pids(), ElementsAre(0, 4, 88));
  EXPECT_EQ(table.entries[1].utf16_name, "");
}

TEST(ProcessTableTest, NumbersThatDoNotFitAreUnknown) {
  constexpr uint64_t kLarge = uint64_t{1} << 63;
  const Parsed table(FakeProcessTable({{.pid = kLarge,
                                        .parent_pid = kLarge + 4,
                                        .name = u"a",
                                        .num_threads = 1,
                                        .creation_time = -5,
                                        .user_time = -5,
                                        .kernel_time = -5,
                                        .virtual_bytes = kLarge,
                                        .working_set_bytes = kLarge,
                                        .peak_working_set_bytes = kLarge,
                                        .read_bytes = kLarge,
                                        .written_bytes = kLarge + 100}},
                                      kAddress));
  ASSERT_EQ(table.entries.size(), 1u);
  const ProcessEntry& entry = table.entries[0];
  EXPECT_EQ(entry.pid, -1);
  EXPECT_EQ(entry.parent_pid, -1);
  EXPECT_EQ(entry.creation_time, 0);
  EXPECT_EQ(entry.user_time, -1);
  EXPECT_EQ(entry.kernel_time, -1);
  EXPECT_EQ(entry.virtual_bytes, -1);
  EXPECT_EQ(entry.working_set_bytes, -1);
  EXPECT_EQ(entry.peak_working_set_bytes, -1);
  EXPECT_EQ(entry.read_bytes, -1);
  EXPECT_EQ(entry.written_bytes, -1);
}

// Bytes of the table are replaced by others, the same in each run: names stay
// inside of the table and the number of entries is bounded.
TEST(ProcessTableTest, RandomBytesAreReadWithinTheTable) {
  const std::string whole = ThreeProcesses();
  std::minstd_rand random(1);
  int malformed = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string changed = whole.substr(0, random() % (whole.size() + 1));
    for (int k = 0; k < 8 && !changed.empty(); ++k) {
      // Half of the changes are in the headers of entries.
      const size_t range =
          k % 2 == 0 ? changed.size() : std::min(changed.size(), size_t{0x60});
      changed[random() % range] = static_cast<char>(random());
    }
    const Parsed table(changed);
    malformed += table.malformed ? 1 : 0;
    ASSERT_LE(table.entries.size(), changed.size() / kEntryBytes);
    const std::string_view bytes(table.bytes.data(), table.bytes.size());
    for (const ProcessEntry& entry : table.entries) {
      if (entry.utf16_name.empty()) continue;
      ASSERT_GE(entry.utf16_name.data(), bytes.data());
      ASSERT_LE(entry.utf16_name.data() + entry.utf16_name.size(),
                bytes.data() + bytes.size());
    }
  }
  EXPECT_GT(malformed, 0);
  EXPECT_LT(malformed, 20'000);
}

}  // namespace
}  // namespace tallyman::platform
