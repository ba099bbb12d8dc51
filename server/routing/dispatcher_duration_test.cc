#include <sys/mman.h>
#include <unistd.h>

#include <optional>
#include <string>

#include "absl/log/check.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "api/description/operation.h"
#include "api/http/http.h"
#include "api/redaction/redaction.h"
#include "auth/auth_failure_limiter.h"
#include "auth/authenticator.h"
#include "auth/fake_clock.h"
#include "auth/rate_limiter.h"
#include "auth/sqlite_count_store.h"
#include "auth/sqlite_token_store.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "platform/base/unique_fd.h"
#include "platform/testing/temp_directory.h"
#include "server/log/log.h"
#include "server/routing/cors.h"
#include "server/routing/dispatcher.h"
#include "server/routing/router.h"
#include "storage/database.h"

namespace tallyman::server {
namespace {

// An operator sets the wall clock back during a request, which takes 250 ms.
TEST(DispatcherDurationTest, LogsElapsedTimeWhateverTheWallClockDoes) {
  auth::FakeClock clock(absl::FromUnixSeconds(1'600'000'000));
  const platform::TempDirectory directory;
  auto database =
      storage::Database::Open(absl::StrCat(directory.path(), "/db"), {});
  CHECK_OK(database);
  auto tokens = auth::SqliteTokenStore::Open(**database, clock, {});
  CHECK_OK(tokens);
  auto counts = auth::SqliteCountStore::Open(**database);
  CHECK_OK(counts);
  auto authenticator = auth::Authenticator::Create(**tokens, clock);
  CHECK_OK(authenticator);
  auto limiter = auth::RateLimiter::Create(**counts, clock, {});
  CHECK_OK(limiter);
  auth::AuthFailureLimiter failures(clock, {});
  const auto cors = CorsPolicy::Parse("*");
  CHECK_OK(cors);
  const auto redactor = api::Redactor::Disabled();
  const base::UniqueFd file(memfd_create("log", MFD_CLOEXEC));
  CHECK(file.valid());
  const Log log(file.get());
  Router router;
  static constexpr api::Operation kSlow = {.method = "GET", .path = "/slow"};
  router.Add(kSlow, [&](const RequestContext&) -> HandlerResult {
    clock.Advance(absl::Milliseconds(250));
    clock.SetWall(clock.Now() - absl::Hours(1));
    return api::Response();
  });
  const Dispatcher dispatcher({.router = router,
                               .authenticator = **authenticator,
                               .limiter = **limiter,
                               .failures = failures,
                               .cors = *cors,
                               .redactor = *redactor,
                               .log = &log,
                               .log_requests = true,
                               .zone = absl::UTCTimeZone(),
                               .clock = clock});
  dispatcher.Handle({.method = "GET", .path = "/slow"});
  std::string line(4096, '\0');
  const ssize_t size = pread(file.get(), line.data(), line.size(), 0);
  ASSERT_GT(size, 0);
  line.resize(static_cast<size_t>(size));
  EXPECT_EQ(nlohmann::json::parse(line)["duration_ms"], 250);
}

}  // namespace
}  // namespace tallyman::server
