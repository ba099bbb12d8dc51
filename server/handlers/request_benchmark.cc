// The cost of a small request without the socket: parsing, dispatch with real
// tokens and limits, and the head of the response. The counters are per
// request.
//
//   tools/bazel run //server/handlers:request_benchmark

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "api/http/http.h"
#include "auth/clock.h"
#include "auth/token.h"
#include "benchmark/benchmark.h"
#include "server/http/http_parser.h"
#include "server/http/http_response_head.h"
#include "server/testing/allocation_counter.h"
#include "server/testing/stack_api.h"
#include "stacks/model/status.h"

namespace tallyman::server {
namespace {

constexpr int kProcesses = 10;

// A stack with a few processes; created once, never destroyed.
struct World {
  static World& Get() {
    static World* const kWorld = new World;
    return *kWorld;
  }

  World()
      : api(&auth::SystemClock()),
        token(api.NewToken(auth::Scope::kPublic, "bench",
                           auth::kMaxRequestLimit)) {
    std::string body = R"({"name":"shop","processes":[)";
    for (int i = 0; i < kProcesses; ++i) {
      absl::StrAppend(&body, i == 0 ? "" : ",", R"({"name":"worker-)", i,
                      R"(","command":"/usr/lib/app/worker --worker-id=)", i,
                      " --config=conf.d/worker-", i,
                      R"(.conf --queue=mail,default"})");
    }
    uid = api.Post("/stacks", absl::StrCat(body, "]}"))
              .json["response"][0]["uid"];
    bytes = absl::StrCat("GET /stacks/", uid,
                         "/processes HTTP/1.1\r\nHost: 127.0.0.1:8880\r\n"
                         "Authorization: ",
                         token, "\r\n\r\n");
  }

  // The request in `bytes`.
  void Parse(api::Request& request) const {
    request.remote_address = "127.0.0.1";
    if (!ParsePlainRequest(bytes, request)) std::abort();
  }

  StackApi api;
  const std::string token;
  std::string uid;
  std::string bytes;
};

// Counts the allocations of this thread since its construction.
class Counted {
 public:
  explicit Counted(benchmark::State& state)
      : state_(state), before_(Allocations()) {}
  ~Counted() {
    state_.counters["allocations"] = benchmark::Counter(
        static_cast<double>(Allocations() - before_),
        benchmark::Counter::kAvgIterations | benchmark::Counter::kAvgThreads);
  }

 private:
  benchmark::State& state_;
  const int64_t before_;
};

void BM_Parse(benchmark::State& state) {
  const World& world = World::Get();
  api::Request request;
  world.Parse(request);
  {
    const Counted counted(state);
    for (auto _ : state) {
      world.Parse(request);
      benchmark::DoNotOptimize(request);
    }
  }
  state.counters["bytes"] = static_cast<double>(world.bytes.size());
}
BENCHMARK(BM_Parse);

void BM_Handle(benchmark::State& state) {
  const World& world = World::Get();
  api::Request request;
  world.Parse(request);
  const size_t bytes = world.api.dispatcher().Handle(request).BodyView().size();
  {
    const Counted counted(state);
    for (auto _ : state) {
      api::Response response = world.api.dispatcher().Handle(request);
      if (response.status != 200) std::abort();
      benchmark::DoNotOptimize(response);
    }
  }
  state.counters["bytes"] = benchmark::Counter(static_cast<double>(bytes),
                                               benchmark::Counter::kAvgThreads);
}
BENCHMARK(BM_Handle)->Threads(1)->Threads(2);

// As above, after a change before each request, so that the response is
// rendered each time.
void BM_HandleAfterAChange(benchmark::State& state) {
  World& world = World::Get();
  api::Request request;
  world.Parse(request);
  for (auto _ : state) {
    world.api.status().Set(
        world.uid, "worker-0",
        {{.number = 1, .state = stacks::InstanceState::kRunning, .pid = 100}});
    api::Response response = world.api.dispatcher().Handle(request);
    benchmark::DoNotOptimize(response);
  }
}
BENCHMARK(BM_HandleAfterAChange);

void BM_HashOfToken(benchmark::State& state) {
  const World& world = World::Get();
  for (auto _ : state) {
    auth::TokenHash hash = auth::HashOf(world.token);
    benchmark::DoNotOptimize(hash);
  }
}
BENCHMARK(BM_HashOfToken);

void BM_ResponseHead(benchmark::State& state) {
  const World& world = World::Get();
  api::Request request;
  world.Parse(request);
  const api::Response response = world.api.dispatcher().Handle(request);
  std::string out;
  AppendResponseHead(response, {.idle_seconds = 30}, HttpDateNow(), out);
  {
    const Counted counted(state);
    for (auto _ : state) {
      out.clear();
      AppendResponseHead(response, {.idle_seconds = 30}, HttpDateNow(), out);
      benchmark::DoNotOptimize(out);
    }
  }
  state.counters["bytes"] = static_cast<double>(out.size());
}
BENCHMARK(BM_ResponseHead);

}  // namespace
}  // namespace tallyman::server
