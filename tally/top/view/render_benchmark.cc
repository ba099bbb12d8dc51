// An update and a key of tally top with 10,000 processes, each with its frame.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "benchmark/benchmark.h"
#include "ftxui/screen/screen.hpp"
#include "tally/top/model/host_process.h"
#include "tally/top/model/input.h"
#include "tally/top/model/moment.h"
#include "tally/top/model/source_values.h"
#include "tally/top/model/top_state.h"
#include "tally/top/view/render.h"
#include "tally/top/view/theme.h"

namespace tallyman::tally {
namespace {

constexpr int64_t kProcesses = 10'000;
// Those that differ from scan to scan.
constexpr int64_t kChanged = 500;
const absl::Time kStart = absl::FromUnixSeconds(1'700'000'000);

HostProcess Make(int64_t pid, double cpu_seconds) {
  return {.pid = pid,
          .start_time = "2026-11-22T00:10:09.512+01:00",
          .ppid = pid / 8,
          .name = absl::StrCat("program", pid % 100),
          .command_line = absl::StrCat("/usr/bin/program", pid % 100,
                                       " --some-flag=value --number=", pid),
          .user = absl::StrCat("user", pid % 10),
          .state = "sleeping",
          .memory = (pid * 7919) % (1 << 30),
          .num_threads = 1,
          .cpu_seconds = cpu_seconds};
}

class Shown {
 public:
  explicit Shown(bool is_tree)
      : state_({.server = "http://vm", .key_prefix = "key"}) {
    ProcessSnapshot snapshot{.time = kStart, .processes = {}};
    for (int64_t pid = 1; pid <= kProcesses; ++pid) {
      snapshot.processes.push_back(Make(pid, 1));
    }
    state_.OnUpdate(std::move(snapshot), now_);
    if (is_tree) Press("t");
  }

  void Update() {
    ++scans_;
    ProcessDifference difference{.time = kStart + scans_ * absl::Seconds(2),
                                 .entered = {},
                                 .changed = {},
                                 .gone = {}};
    for (int64_t i = 1; i <= kChanged; ++i) {
      HostPatch patch{.values = Make(i * 20, 1 + static_cast<double>(scans_))};
      patch.present.set();
      difference.changed.push_back(std::move(patch));
    }
    state_.OnUpdate(std::move(difference), now_);
  }
  void Press(std::string key) {
    state_.OnInput(Key{.code = KeyCode::kText, .text = std::move(key)}, now_);
  }
  void Draw() {
    ftxui::Screen screen(80, 24);
    Render(state_, Theme::kDark, now_, screen);
    benchmark::DoNotOptimize(screen.PixelAt(0, 0));
  }

 private:
  const Moment now_ = {.steady = absl::ZeroDuration(), .wall = kStart};
  TopState state_;
  int64_t scans_ = 0;
};

void BM_Update(benchmark::State& state) {
  Shown shown(state.range(0) != 0);
  for (auto _ : state) {
    shown.Update();
    shown.Draw();
  }
}
BENCHMARK(BM_Update)->ArgName("tree")->Arg(0)->Arg(1)->Unit(
    benchmark::kMillisecond);

void BM_Key(benchmark::State& state) {
  Shown shown(/*is_tree=*/false);
  for (auto _ : state) {
    shown.Press("j");
    shown.Draw();
  }
}
BENCHMARK(BM_Key)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace tallyman::tally
