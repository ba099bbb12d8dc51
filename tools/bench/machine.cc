#include "tools/bench/machine.h"

#include <sys/sysinfo.h>
#include <sys/utsname.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "tools/bench/command.h"

namespace tallyman::bench {
namespace {

std::string ProcessorModel() {
  std::ifstream file("/proc/cpuinfo");
  std::string line;
  while (std::getline(file, line)) {
    const std::pair<std::string_view, std::string_view> halves =
        absl::StrSplit(line, absl::MaxSplits(':', 1));
    if (absl::StripAsciiWhitespace(halves.first) == "model name") {
      return std::string(absl::StripAsciiWhitespace(halves.second));
    }
  }
  return "unknown model";
}

struct Peer {
  std::string_view name;
  std::string_view program;
  // Arguments that print the version in the first line.
  std::vector<std::string> arguments;
  // The text before the version in that line.
  std::string_view prefix;
};

std::string VersionOf(const Peer& peer) {
  const std::optional<std::string> program = FindInstalled(peer.program);
  if (!program) return "not installed";
  std::vector<std::string> command = {*program};
  command.insert(command.end(), peer.arguments.begin(), peer.arguments.end());
  // The exit code is meaningless: that of `wrk -v` is 1.
  const absl::StatusOr<CommandResult> ran =
      RunCommand(std::move(command), /*with_output=*/true, absl::Seconds(10));
  if (!ran.ok()) return "unknown";
  std::string_view line = ran->output;
  line = line.substr(0, line.find('\n'));
  if (!absl::ConsumePrefix(&line, peer.prefix)) return "not installed";
  // wrk's line goes on after the version.
  const std::vector<std::string_view> words =
      absl::StrSplit(absl::StripAsciiWhitespace(line), ' ');
  return std::string(words.front());
}

}  // namespace

std::string DescribeMachine() {
  utsname system = {};
  struct sysinfo memory = {};
  std::array<double, 3> load = {};
  uname(&system);
  sysinfo(&memory);
  getloadavg(load.data(), static_cast<int>(load.size()));
  const uint64_t mebibytes =
      uint64_t{memory.totalram} * memory.mem_unit / (uint64_t{1} << 20);
  return absl::StrFormat("%d cores (%s), %s %s %s, %d MiB, load %.2f",
                         std::thread::hardware_concurrency(), ProcessorModel(),
                         std::string_view(system.sysname),
                         std::string_view(system.release),
                         std::string_view(system.machine), mebibytes, load[0]);
}

std::string DescribePeers() {
  const std::vector<Peer> peers = {
      {"ps", "ps", {"-V"}, "ps from procps-ng "},
      {"psutil",
       "python3",
       {"-c", "import psutil; print('psutil', psutil.__version__)"},
       "psutil "},
      {"nginx", "nginx", {"-v"}, "nginx version: nginx/"},
      {"wrk", "wrk", {"-v"}, "wrk "}};
  return absl::StrJoin(peers, ", ", [](std::string* out, const Peer& peer) {
    absl::StrAppend(out, peer.name, " ", VersionOf(peer));
  });
}

}  // namespace tallyman::bench
