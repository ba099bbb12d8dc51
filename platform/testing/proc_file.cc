#include "platform/testing/proc_file.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/types.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "platform/base/unique_fd.h"

namespace tallyman::platform {

std::optional<std::string> ReadProc(pid_t pid, std::string_view name) {
  const base::UniqueFd file(open(absl::StrCat("/proc/", pid, "/", name).c_str(),
                                 O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return std::nullopt;
  std::string text;
  std::array<char, 4096> bytes;
  while (true) {
    const ssize_t got = read(file.get(), bytes.data(), bytes.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::nullopt;
    if (got == 0) return text;
    text.append(bytes.data(), static_cast<size_t>(got));
  }
}

std::vector<std::string> ReadStat(pid_t pid) {
  const std::optional<std::string> text = ReadProc(pid, "stat");
  // The second field is a name in parentheses, which may contain parentheses.
  const size_t name_end = text ? text->rfind(')') : std::string::npos;
  if (name_end == std::string::npos) return {};
  return absl::StrSplit(std::string_view{*text}.substr(name_end + 1),
                        absl::ByAnyChar(" \n"), absl::SkipEmpty());
}

std::optional<int64_t> StartTicks(pid_t pid) {
  constexpr size_t kStartTime = 22 - 3;
  const std::vector<std::string> fields = ReadStat(pid);
  int64_t ticks = 0;
  if (fields.size() <= kStartTime ||
      !absl::SimpleAtoi(fields[kStartTime], &ticks)) {
    return std::nullopt;
  }
  return ticks;
}

std::vector<pid_t> ListNumbers(const std::string& directory) {
  const std::unique_ptr<DIR, int (*)(DIR*)> opened(opendir(directory.c_str()),
                                                   closedir);
  std::vector<pid_t> numbers;
  if (opened == nullptr) return numbers;
  numbers.reserve(256);
  // NOLINTNEXTLINE(concurrency-mt-unsafe): no other thread uses the stream.
  while (const dirent* const entry = readdir(opened.get())) {
    pid_t number = 0;
    if (absl::SimpleAtoi(entry->d_name, &number)) numbers.push_back(number);
  }
  return numbers;
}

std::optional<bool> HasVariable(pid_t pid, std::string_view variable) {
  const std::optional<std::string> text = ReadProc(pid, "environ");
  if (!text || text->empty()) return std::nullopt;
  const std::vector<std::string_view> variables =
      absl::StrSplit(*text, '\0', absl::SkipEmpty());
  return absl::c_linear_search(variables, variable);
}

}  // namespace tallyman::platform
