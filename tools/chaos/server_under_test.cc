#include "tools/chaos/server_under_test.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "platform/base/unique_fd.h"
#include "tools/chaos/children.h"
#include "tools/chaos/kernel_view.h"

namespace tallyman::chaos {
namespace {

constexpr std::string_view kFaultVariable = "TALLYMAN_FAULT=";
constexpr absl::Duration kStartTimeout = absl::Seconds(60);
constexpr absl::Duration kStopTimeout = absl::Seconds(60);
constexpr absl::Duration kLookAgain = absl::Milliseconds(2);

std::string ReadFrom(const std::string& path, int64_t offset) {
  std::ifstream file(path, std::ios::in | std::ios::binary);
  file.seekg(offset);
  return {std::istreambuf_iterator<char>(file),
          std::istreambuf_iterator<char>()};
}

base::UniqueFd OpenForOutput(const std::string& path, int flags) {
  return base::UniqueFd(open(
      path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | flags, S_IRUSR | S_IWUSR));
}

std::vector<std::string> Environment(std::string_view fault) {
  std::vector<std::string> environment;
  for (char** each = environ; *each != nullptr; ++each) {
    if (!absl::StartsWith(*each, kFaultVariable)) environment.push_back(*each);
  }
  if (!fault.empty()) {
    environment.push_back(absl::StrCat(kFaultVariable, fault));
  }
  return environment;
}

// The port in the line that says that it listens; 0 if there is none yet.
int PortIn(std::string_view log) {
  constexpr std::string_view kUrl = "http://127.0.0.1:";
  const size_t line = log.find("\"event\":\"listening\"");
  if (line == std::string_view::npos) return 0;
  const size_t url = log.find(kUrl, line);
  if (url == std::string_view::npos) return 0;
  const size_t begin = url + kUrl.size();
  const size_t end = log.find('"', begin);
  int port = 0;
  if (end == std::string_view::npos ||
      !absl::SimpleAtoi(log.substr(begin, end - begin), &port)) {
    return 0;
  }
  return port;
}

}  // namespace

ServerUnderTest::ServerUnderTest(Options options, Children& children)
    : options_(std::move(options)),
      children_(children),
      data_dir_(options_.directory + "/data"),
      log_path_(options_.directory + "/server.log"),
      output_path_(options_.directory + "/server.out") {}

ServerUnderTest::~ServerUnderTest() { Kill(); }

absl::Status ServerUnderTest::Start(std::string_view fault) {
  const base::UniqueFd log = OpenForOutput(log_path_, O_APPEND);
  const base::UniqueFd output = OpenForOutput(output_path_, O_TRUNC);
  if (!log.valid() || !output.valid()) {
    return absl::ErrnoToStatus(errno, options_.directory);
  }
  log_start_ = lseek(log.get(), 0, SEEK_END);
  std::vector<std::string> arguments = {options_.program, "--port=0",
                                        absl::StrCat("--data_dir=", data_dir_)};
  arguments.insert(arguments.end(), options_.flags.begin(),
                   options_.flags.end());
  const absl::StatusOr<pid_t> pid =
      children_.Start({.program = options_.program,
                       .arguments = std::move(arguments),
                       .environment = Environment(fault),
                       .output = output.get(),
                       .error = log.get()});
  if (!pid.ok()) return pid.status();
  pid_ = *pid;
  const absl::Time deadline = absl::Now() + kStartTimeout;
  while (true) {
    const std::optional<int> end = children_.EndOf(pid_);
    port_ = PortIn(Log());
    if (port_ != 0) return absl::OkStatus();
    if (end) {
      const std::string what = absl::StrCat(
          "the server ended before it listened: ", DescribeEnd(*end), "; see ",
          log_path_);
      return WIFSIGNALED(*end) && WTERMSIG(*end) == SIGKILL
                 ? absl::AbortedError(what)
                 : absl::InternalError(what);
    }
    if (absl::Now() > deadline) {
      return absl::DeadlineExceededError(
          absl::StrCat("the server does not listen; see ", log_path_));
    }
    absl::SleepFor(kLookAgain);
  }
}

bool ServerUnderTest::IsAlive() const {
  return pid_ > 0 && !children_.EndOf(pid_);
}

std::string ServerUnderTest::DescribeLastEnd() const {
  const std::optional<int> end = children_.EndOf(pid_);
  return end ? DescribeEnd(*end) : "still there";
}

bool ServerUnderTest::Kill() {
  if (pid_ < 0 || !children_.Signal(pid_, SIGKILL)) return false;
  return children_.Wait(pid_, kStopTimeout).has_value();
}

absl::Status ServerUnderTest::Stop() {
  if (pid_ < 0 || !children_.Signal(pid_, SIGTERM)) {
    return absl::InternalError(absl::StrCat(
        "the server was to be stopped, but it ", DescribeLastEnd()));
  }
  const std::optional<int> end = children_.Wait(pid_, kStopTimeout);
  if (!end) {
    return absl::DeadlineExceededError("the server does not end at SIGTERM");
  }
  if (*end == 0) return absl::OkStatus();
  return absl::InternalError(absl::StrCat(
      "the server was stopped with SIGTERM, but it ", DescribeEnd(*end)));
}

std::optional<KernelProcess> ServerUnderTest::FindKeeper() const {
  // Its lock file may be that of one that has ended.
  std::ifstream file(data_dir_ + "/keeper.lock");
  pid_t pid = 0;
  if (!(file >> pid)) return std::nullopt;
  std::optional<KernelProcess> process = ReadProcess(pid);
  if (!process || process->state == 'Z' ||
      !absl::StrContains(process->command_line,
                         absl::StrCat("--keeper ", data_dir_, " "))) {
    return std::nullopt;
  }
  return process;
}

bool ServerUnderTest::KillKeeper() const {
  const std::optional<KernelProcess> keeper = FindKeeper();
  return keeper && SignalProcess(*keeper, SIGKILL);
}

std::string ServerUnderTest::shown_token() const {
  const std::string text = ReadFrom(output_path_, 0);
  const size_t begin = text.find("tly_");
  if (begin == std::string::npos) return "";
  return text.substr(begin, text.find_first_of(" \n'", begin) - begin);
}

bool ServerUnderTest::HasLogged(std::string_view event) const {
  return absl::StrContains(Log(), absl::StrCat("\"event\":\"", event, "\""));
}

int64_t ServerUnderTest::RemoveCgroups() const {
  constexpr std::string_view kEvent = "\"event\":\"cgroups_used\",\"what\":\"";
  const std::string log = ReadFrom(log_path_, 0);
  const size_t event = log.find(kEvent);
  if (event == std::string::npos) return 0;
  const size_t begin = event + kEvent.size();
  const std::string path = log.substr(begin, log.find('"', begin) - begin);
  int64_t removed = 0;
  std::error_code error;
  std::vector<std::filesystem::path> launches;
  for (const auto& entry : std::filesystem::directory_iterator(path, error)) {
    if (entry.is_directory(error)) launches.push_back(entry.path());
  }
  for (const std::filesystem::path& launch : launches) {
    if (rmdir(launch.c_str()) == 0) ++removed;
  }
  rmdir(path.c_str());
  return removed;
}

std::string ServerUnderTest::Log() const {
  return ReadFrom(log_path_, log_start_);
}

}  // namespace tallyman::chaos
