#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/log/check.h"
#include "platform/windows/process_table.h"
#include "platform/windows/windows_layout.h"
#include "tools/fuzz/input.h"

namespace tallyman::platform {
namespace {

// Where the tables of the corpus were written.
constexpr uint64_t kAddress = 0x1a2b'3c4d'0000;

struct Parsed {
  std::vector<ProcessEntry> entries;
  bool malformed = false;
};

void CheckEntry(const ProcessEntry& entry, std::string_view table) {
  for (const int64_t number :
       {entry.pid, entry.parent_pid, entry.user_time, entry.kernel_time,
        entry.virtual_bytes, entry.working_set_bytes,
        entry.peak_working_set_bytes, entry.read_bytes, entry.written_bytes}) {
    CHECK_GE(number, -1);
  }
  CHECK_GE(entry.num_threads, 0);
  CHECK_GE(entry.creation_time, 0);
  if (entry.utf16_name.empty()) return;
  CHECK_GE(entry.utf16_name.data(), table.data());
  CHECK_LE(entry.utf16_name.data() + entry.utf16_name.size(),
           table.data() + table.size());
}

// `bytes` must be a copy of exactly its size, so that AddressSanitizer sees
// reads past it.
Parsed Parse(const std::vector<char>& bytes) {
  const std::string_view view(bytes.data(), bytes.size());
  Parsed parsed;
  ProcessTable table(view, kAddress);
  ProcessEntry entry;
  while (table.Next(entry)) {
    CheckEntry(entry, view);
    parsed.entries.push_back(entry);
  }
  CHECK(!table.Next(entry));
  parsed.malformed = table.malformed();
  // Entries do not overlap.
  CHECK_LE(parsed.entries.size(), bytes.size() / ProcessEntryLayout::kSize);
  return parsed;
}

// The first entries of `whole`, apart from names outside of the bytes.
void CheckBeginsWith(const Parsed& whole, const Parsed& begin) {
  CHECK_LE(begin.entries.size(), whole.entries.size());
  for (size_t i = 0; i < begin.entries.size(); ++i) {
    const ProcessEntry& a = whole.entries[i];
    const ProcessEntry& b = begin.entries[i];
    CHECK_EQ(a.pid, b.pid);
    CHECK_EQ(a.parent_pid, b.parent_pid);
    CHECK_EQ(a.creation_time, b.creation_time);
    CHECK_EQ(a.working_set_bytes, b.working_set_bytes);
    CHECK(b.utf16_name.empty() || a.utf16_name == b.utf16_name);
  }
}

}  // namespace
}  // namespace tallyman::platform

// A line with a number of bytes to cut off; then the table.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using tallyman::platform::Parsed;
  tallyman::fuzz::Input input(data, size);
  const auto cut = static_cast<uint64_t>(input.TakeInteger());
  std::vector<char> bytes(input.rest().begin(), input.rest().end());
  const Parsed whole = tallyman::platform::Parse(bytes);

  // Of a table that ends early, the same entries as far as they go.
  std::vector<char> shorter(bytes);
  shorter.resize(bytes.size() - cut % (bytes.size() + 1));
  shorter.shrink_to_fit();
  const Parsed begin = tallyman::platform::Parse(shorter);
  tallyman::platform::CheckBeginsWith(whole, begin);
  if (begin.entries.size() < whole.entries.size()) CHECK(begin.malformed);

  // Bytes after the table are no processes.
  std::vector<char> longer(bytes);
  longer.resize(bytes.size() + 300, '\x01');
  const Parsed more = tallyman::platform::Parse(longer);
  tallyman::platform::CheckBeginsWith(more, whole);
  if (!whole.malformed) {
    CHECK_EQ(more.entries.size(), whole.entries.size());
    CHECK(!more.malformed);
  }
  return 0;
}
