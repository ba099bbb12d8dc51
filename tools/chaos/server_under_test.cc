#include "tools/chaos/server_under_test.h"

#include <sys/types.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "tools/chaos/kernel_view.h"
#include "tools/harness/keeper.h"
#include "tools/harness/server_process.h"

namespace tallyman::chaos {
namespace {

constexpr absl::Duration kStartTimeout = absl::Seconds(60);
constexpr absl::Duration kStopTimeout = absl::Seconds(60);

}  // namespace

ServerUnderTest::ServerUnderTest(Options options)
    : options_(std::move(options)),
      data_dir_(options_.directory + "/data"),
      log_path_(options_.directory + "/server.log") {}

absl::Status ServerUnderTest::Start(std::string_view fault) {
  harness::ServerOptions options = {.program = options_.program,
                                    .flags = options_.flags,
                                    .log_path = log_path_};
  options.flags.push_back(absl::StrCat("--data_dir=", data_dir_));
  if (!fault.empty()) {
    options.environment = {absl::StrCat("TALLYMAN_FAULT=", fault)};
  }
  absl::StatusOr<std::unique_ptr<harness::ServerProcess>> process =
      harness::ServerProcess::Start(std::move(options));
  if (!process.ok()) return process.status();
  process_ = *std::move(process);
  return process_->AwaitListening(kStartTimeout);
}

absl::Status ServerUnderTest::Stop() { return process_->Stop(kStopTimeout); }

std::optional<KernelProcess> ServerUnderTest::FindKeeper() const {
  const absl::StatusOr<pid_t> pid = harness::FindKeeper(data_dir_);
  return pid.ok() ? ReadProcess(*pid) : std::nullopt;
}

bool ServerUnderTest::KillKeeper() const {
  const std::optional<KernelProcess> keeper = FindKeeper();
  return keeper && SignalProcess(*keeper, SIGKILL);
}

int64_t ServerUnderTest::RemoveCgroups() const {
  constexpr std::string_view kEvent = "\"event\":\"cgroups_used\",\"what\":\"";
  std::ifstream file(log_path_, std::ios::in | std::ios::binary);
  const std::string log{std::istreambuf_iterator<char>(file),
                        std::istreambuf_iterator<char>()};
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

}  // namespace tallyman::chaos
