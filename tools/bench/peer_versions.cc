#include "tools/bench/peer_versions.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "tools/bench/command.h"

namespace tallyman::bench {
namespace {

struct Peer {
  std::string_view name;
  std::string_view program;
  // What makes it tell its version in its first line.
  std::vector<std::string> arguments;
  // What that line has before the version.
  std::string_view prefix;
};

std::string VersionOf(const Peer& peer) {
  const std::optional<std::string> program = FindInstalled(peer.program);
  if (!program) return "not installed";
  std::vector<std::string> command = {*program};
  command.insert(command.end(), peer.arguments.begin(), peer.arguments.end());
  // Its exit code says nothing: that of `wrk -v` is 1.
  const absl::StatusOr<CommandResult> ran =
      RunCommand(std::move(command), /*with_output=*/true, absl::Seconds(10));
  if (!ran.ok()) return "unknown";
  std::string_view line = ran->output;
  line = line.substr(0, line.find('\n'));
  if (!absl::ConsumePrefix(&line, peer.prefix)) return "not installed";
  // Of wrk's line only the second word is its version.
  const std::vector<std::string_view> words =
      absl::StrSplit(absl::StripAsciiWhitespace(line), ' ');
  return std::string(words.front());
}

}  // namespace

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
