// The cost of authentication and rate limits for a request, with one and
// several threads.
//
//   bazel run -c opt //auth:auth_benchmark

#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "auth/authenticator.h"
#include "auth/clock.h"
#include "auth/count_store.h"
#include "auth/rate_limiter.h"
#include "auth/secret.h"
#include "auth/sqlite_token_store.h"
#include "auth/token.h"
#include "auth/token_store.h"
#include "benchmark/benchmark.h"
#include "storage/database.h"

namespace tallyman::auth {
namespace {

// Saves nothing: the benchmark does not measure the disk.
class NoCountStore final : public CountStore {
 public:
  absl::StatusOr<std::vector<TokenCounts>> LoadCounts() override {
    return std::vector<TokenCounts>();
  }
  absl::Status SaveCounts(absl::Span<const TokenCounts>) override {
    return absl::OkStatus();
  }
};

template <typename T>
T ValueOrDie(absl::StatusOr<T> value) {
  if (!value.ok()) {
    std::cerr << value.status() << "\n";
    std::abort();
  }
  return *std::move(value);
}

// A thousand tokens and their authenticator and limiter; never destroyed.
struct World {
  static World& Get() {
    static World* const kWorld = new World;
    return *kWorld;
  }

  World() {
    std::string root = "/tmp/auth_benchmarkXXXXXX";
    if (mkdtemp(root.data()) == nullptr) std::abort();
    db = ValueOrDie(storage::Database::Open(absl::StrCat(root, "/db"), {}));
    store = ValueOrDie(SqliteTokenStore::Open(*db, SystemClock(), {}));
    for (int i = 0; i < 1000; ++i) {
      values.push_back(
          ValueOrDie(store->Create({.name = absl::StrCat("token ", i),
                                    .scopes = Scope::kAdmin,
                                    .hourly_limit = kMaxRequestLimit,
                                    .daily_limit = kMaxRequestLimit}))
              .value);
    }
    authenticator = ValueOrDie(Authenticator::Create(*store, SystemClock()));
    limiter = ValueOrDie(RateLimiter::Create(counts, SystemClock(), {}));
    // From here on all data is in memory: the files can go.
    for (const char* suffix : {"-shm", "-wal", ""}) {
      unlink(absl::StrCat(root, "/db", suffix).c_str());
    }
    rmdir(root.c_str());
  }

  std::unique_ptr<storage::Database> db;
  std::unique_ptr<SqliteTokenStore> store;
  NoCountStore counts;
  std::vector<Secret> values;
  std::unique_ptr<Authenticator> authenticator;
  std::unique_ptr<RateLimiter> limiter;
};

// All steps of a request: copy the secret, authenticate, authorize, admit.
void Request(World& world, const Secret& value) {
  const Secret presented(value.Reveal());
  absl::StatusOr<Principal> who = world.authenticator->Authenticate(presented);
  if (!who.ok() || !who->Authorize(Scope::kPublic).ok() ||
      !world.limiter->Admit(who->token()).allowed) {
    std::abort();
  }
}

// All threads with the same token: the worst case for shared counters.
void BmOneToken(benchmark::State& state) {
  World& world = World::Get();
  for (auto _ : state) Request(world, world.values[0]);
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BmOneToken)->ThreadRange(1, 16)->UseRealTime();

void BmManyTokens(benchmark::State& state) {
  World& world = World::Get();
  size_t next = static_cast<size_t>(state.thread_index()) * 61;
  for (auto _ : state) {
    Request(world, world.values[next++ % world.values.size()]);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BmManyTokens)->ThreadRange(1, 16)->UseRealTime();

void BmUnknownToken(benchmark::State& state) {
  World& world = World::Get();
  const Secret unknown = ValueOrDie(MakeTokenValue());
  for (auto _ : state) {
    benchmark::DoNotOptimize(world.authenticator->Authenticate(unknown).ok());
  }
}
BENCHMARK(BmUnknownToken);

void BmHashOf(benchmark::State& state) {
  const Secret value = ValueOrDie(MakeTokenValue());
  for (auto _ : state) benchmark::DoNotOptimize(HashOf(value.Reveal()));
}
BENCHMARK(BmHashOf);

void BmAdmit(benchmark::State& state) {
  World& world = World::Get();
  const Token token = {.id = 1, .hourly_limit = kMaxRequestLimit};
  for (auto _ : state) {
    benchmark::DoNotOptimize(world.limiter->Admit(token));
  }
}
BENCHMARK(BmAdmit)->ThreadRange(1, 16)->UseRealTime();

}  // namespace
}  // namespace tallyman::auth
