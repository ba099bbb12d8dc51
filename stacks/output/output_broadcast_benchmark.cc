// The cost of one line for each follower, without the send: a publication, a
// wake-up of each follower, and its two reads, the second of which is empty.
// For comparison, the sends: a write(2) of the event to a socket of each.

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "benchmark/benchmark.h"
#include "platform/base/unique_fd.h"
#include "stacks/output/output_broadcast.h"
#include "stacks/output/testing/plain_renderer.h"

namespace tallyman::stacks {
namespace {

// A line of 80 bytes is as large as an event.
constexpr size_t kEventBytes = 280;

void BM_LineToFollowers(benchmark::State& state) {
  const auto broadcast = std::make_shared<OutputBroadcast>(
      std::make_shared<const PlainRenderer>(), size_t{4} << 20);
  std::atomic<int64_t> wakes = 0;
  std::vector<std::unique_ptr<OutputFollower>> followers;
  std::string out;
  for (int64_t i = 0; i < state.range(0); ++i) {
    followers.push_back(broadcast->Subscribe(0, broadcast->end()));
    followers.back()->Start([&wakes] { wakes.fetch_add(1); });
    followers.back()->Read(1 << 16, out);
  }
  for (auto _ : state) {
    broadcast->Publish(
        {{.instance = 1, .bytes = std::string(kEventBytes, 'x')}});
    for (const auto& follower : followers) {
      out.clear();
      follower->Read(1 << 16, out);
      benchmark::DoNotOptimize(out.data());
      out.clear();
      follower->Read(1 << 16, out);
    }
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
  if (wakes.load() != state.iterations() * state.range(0)) {
    state.SkipWithError("a follower was not woken");
  }
}
BENCHMARK(BM_LineToFollowers)->Arg(1)->Arg(100)->Arg(1000)->Arg(10000);

void BM_WriteToSockets(benchmark::State& state) {
  std::vector<std::array<base::UniqueFd, 2>> pairs;
  for (int64_t i = 0; i < state.range(0); ++i) {
    int fds[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0) {
      state.SkipWithError("out of descriptors");
      return;
    }
    pairs.push_back({base::UniqueFd(fds[0]), base::UniqueFd(fds[1])});
  }
  const std::string event(kEventBytes, 'x');
  std::array<char, kEventBytes> read_back;
  for (auto _ : state) {
    const auto begin = std::chrono::steady_clock::now();
    for (const auto& pair : pairs) {
      if (write(pair[0].get(), event.data(), event.size()) < 0) {
        state.SkipWithError("write");
      }
    }
    state.SetIterationTime(
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin)
            .count());
    for (const auto& pair : pairs) {
      if (read(pair[1].get(), read_back.data(), read_back.size()) < 0) {
        state.SkipWithError("read");
      }
    }
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_WriteToSockets)->Arg(100)->Arg(400)->UseManualTime();

}  // namespace
}  // namespace tallyman::stacks
