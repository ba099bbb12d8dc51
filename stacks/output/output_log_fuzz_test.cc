#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/log/check.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "platform/base/text.h"
#include "platform/base/unique_fd.h"
#include "platform/testing/temp_directory.h"
#include "stacks/model/instance_key.h"
#include "stacks/output/output_log.h"
#include "tools/fuzz/input.h"

namespace tallyman::stacks {
namespace {

const InstanceKey& Key() {
  static const InstanceKey& key =
      *new InstanceKey{.stack_uid = "ab12", .process = "web", .number = 1};
  return key;
}

// A directory for all runs. The last run's files are replaced.
class Files {
 public:
  Files()
      : logs_(OutputLogs::Open(absl::StrCat(directory_.path(), "/output"), {})
                  .value()) {
    CHECK(logs_.OpenForAppend(Key()).ok());
  }

  const OutputLogs& logs() const { return logs_; }

  void Write(std::string_view older, std::string_view newer) const {
    const std::string path = logs_.Path(Key());
    WriteFile(absl::StrCat(path, ".1"), older);
    WriteFile(path, newer);
  }

 private:
  static void WriteFile(const std::string& path, std::string_view bytes) {
    const base::UniqueFd fd(open(path.c_str(),
                                 O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
                                 S_IRUSR | S_IWUSR));
    CHECK(fd.valid()) << path;
    CHECK_EQ(write(fd.get(), bytes.data(), bytes.size()),
             static_cast<ssize_t>(bytes.size()));
  }

  platform::TempDirectory directory_;
  OutputLogs logs_;
};

std::vector<std::string> LinesOf(std::string_view text) {
  if (text.empty()) return {};
  const bool has_end = absl::ConsumeSuffix(&text, "\n");
  std::vector<std::string> lines;
  for (const std::string_view line : absl::StrSplit(text, '\n')) {
    lines.emplace_back(line);
  }
  for (std::string& line : lines) {
    if (!has_end && &line == &lines.back()) break;
    if (line.ends_with('\r')) line.pop_back();
  }
  return lines;
}

// The last line that is not blank.
std::string LastOf(const std::vector<std::string>& lines) {
  for (size_t i = lines.size(); i > 0; --i) {
    if (!absl::StripAsciiWhitespace(lines[i - 1]).empty()) return lines[i - 1];
  }
  return "";
}

void TestLines(std::string_view older, std::string_view newer, int64_t count) {
  static const Files& files = *new Files;
  files.Write(older, newer);
  std::vector<std::string> lines = LinesOf(absl::StrCat(older, newer));

  constexpr size_t kMaxBytes = 500;
  const std::string last = LastOf(lines);
  const std::string shown = files.logs().LastLine(Key());
  CHECK(absl::StartsWith(last, shown)) << last;
  CHECK_GE(shown.size(), std::min(last.size(), kMaxBytes - 3)) << last;
  CHECK_LE(shown.size(), kMaxBytes);
  if (!base::FindInvalidUtf8(last)) CHECK(!base::FindInvalidUtf8(shown));

  const absl::StatusOr<std::vector<std::string>> tail =
      files.logs().Tail(Key(), count);
  CHECK_OK(tail);
  const auto expected =
      std::min(lines.size(), static_cast<size_t>(std::max<int64_t>(count, 0)));
  lines.erase(lines.begin(), lines.end() - static_cast<int64_t>(expected));
  CHECK(*tail == lines);
}

}  // namespace
}  // namespace tallyman::stacks

// A line with the number of lines to read, one with the number of bytes that
// were rotated; then the output.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  tallyman::fuzz::Input input(data, size);
  const int64_t lines = input.TakeInteger();
  const auto rotated = static_cast<uint64_t>(input.TakeInteger());
  // Longer output is read in several steps, with other rules for its first
  // line.
  const std::string_view output = input.rest().substr(0, 4096);
  const size_t split = rotated % (output.size() + 1);
  tallyman::stacks::TestLines(output.substr(0, split), output.substr(split),
                              lines);
  return 0;
}
