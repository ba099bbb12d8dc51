#include "server/log/log.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/log/check.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "api/http/http.h"
#include "api/http/params.h"
#include "api/json/json_writer.h"
#include "api/redaction/redaction.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "server/log/request_log.h"

namespace tallyman::server {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;
using Json = nlohmann::json;

// A file in memory that a log writes to.
class LogFile {
 public:
  LogFile() : fd_(memfd_create("log", MFD_CLOEXEC)) { CHECK_GE(fd_, 0); }
  ~LogFile() { close(fd_); }
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;

  int fd() const { return fd_; }

  size_t size() const {
    struct stat status;
    CHECK_EQ(fstat(fd_, &status), 0);
    return static_cast<size_t>(status.st_size);
  }

  std::string text() const {
    std::string text(size(), '\0');
    CHECK_EQ(pread(fd_, text.data(), text.size(), 0),
             static_cast<ssize_t>(text.size()));
    return text;
  }

  std::vector<Json> lines() const {
    std::vector<Json> lines;
    for (const std::string_view line :
         absl::StrSplit(text(), '\n', absl::SkipEmpty())) {
      lines.push_back(Json::parse(line));
    }
    return lines;
  }

  // The events of the lines, in order.
  std::vector<std::string> events() const {
    std::vector<std::string> events;
    for (const Json& line : lines()) events.push_back(line["event"]);
    return events;
  }

 private:
  const int fd_;
};

void AddNothing(api::JsonWriter& /*json*/) {}

TEST(LogTest, WritesAtOnceByDefault) {
  const LogFile file;
  const Log log(file.fd());
  log.Info("one", [](api::JsonWriter& json) {
    json.Key("x");
    json.Int(1);
  });
  EXPECT_THAT(
      file.text(),
      MatchesRegex(R"(\{"time":"[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:)"
                   R"([0-5][0-9]:[0-6][0-9]\.[0-9]{3}Z","level":"info",)"
                   R"("event":"one","x":1\}.)"));
  log.Error("two");
  EXPECT_EQ(file.lines()[1]["level"], "error");
  log.InfoSoon("three", AddNothing);
  EXPECT_THAT(file.events(), ElementsAre("one", "two", "three"));
}

TEST(LogTest, WritesAHeldBackLineAfterTheDelay) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  {
    const Log log(ends[1], absl::Milliseconds(1));
    for (const std::string_view event : {"first", "second"}) {
      log.InfoSoon(event, AddNothing);
      char bytes[4096];
      const ssize_t got = read(ends[0], bytes, sizeof(bytes));
      ASSERT_GT(got, 0);
      EXPECT_THAT(std::string(bytes, static_cast<size_t>(got)),
                  HasSubstr(event));
    }
  }
  close(ends[0]);
  close(ends[1]);
}

TEST(LogTest, KeepsTheOrderOfHeldBackLines) {
  const LogFile file;
  const Log log(file.fd(), absl::Hours(1));
  log.InfoSoon("1", AddNothing);
  log.InfoSoon("2", AddNothing);
  log.Info("3");
  EXPECT_THAT(file.events(), ElementsAre("1", "2", "3"));
}

TEST(LogTest, TheDestructorWritesHeldBackLines) {
  const LogFile file;
  auto log = std::make_unique<Log>(file.fd(), absl::Hours(1));
  log->InfoSoon("1", AddNothing);
  log->InfoSoon("2", AddNothing);
  log.reset();
  EXPECT_THAT(file.events(), ElementsAre("1", "2"));
}

TEST(LogTest, LimitsTheBytesHeldBack) {
  const LogFile file;
  const Log log(file.fd(), absl::Hours(1));
  const std::string large(10'000, 'x');
  constexpr size_t kLines = 100;
  for (size_t i = 0; i < kLines; ++i) log.InfoSoon(large, AddNothing);
  EXPECT_GT(file.size(), large.size() * kLines / 2);
}

TEST(RequestLogTest, RedactsSecretsWithAndWithoutCache) {
  const LogFile file;
  const Log log(file.fd());
  const auto redactor = api::Redactor::Create(api::DefaultSecretNames());
  CHECK_OK(redactor.status());
  const RequestLog requests(log, **redactor);
  for (const int status : {200, 200, 404}) {
    for (const std::string_view path :
         {"/a/tly_0123456789abcdef", "/b/token%3dplain-secret", "/c%20d"}) {
      requests.Add({.request = {.method = "GET", .path = path},
                    .status = status,
                    .response_bytes = 5,
                    .duration = absl::Milliseconds(2),
                    .user = "deploy"});
    }
  }
  EXPECT_THAT(file.text(), Not(HasSubstr("secret")));
  EXPECT_THAT(file.text(), Not(HasSubstr("tly_")));
  const std::vector<Json> lines = file.lines();
  ASSERT_EQ(lines.size(), 9U);
  for (size_t i = 0; i < lines.size(); i += 3) {
    EXPECT_EQ(lines[i]["path"], "/a/***");
    EXPECT_EQ(lines[i + 1]["path"], "/b/token=***");
    EXPECT_EQ(lines[i + 2]["path"], "/c d");
    EXPECT_EQ(lines[i]["query"], "");
    EXPECT_EQ(lines[i]["user"], "deploy");
  }
}

TEST(RequestLogTest, LogsMorePathsThanItCaches) {
  const LogFile file;
  const Log log(file.fd());
  const auto redactor = api::Redactor::Disabled();
  const RequestLog requests(log, *redactor);
  for (int i = 0; i < 3000; ++i) {
    const std::string path = absl::StrCat("/", i % 1500);
    requests.Add({.request = {.path = path},
                  .status = 200,
                  .duration = absl::ZeroDuration()});
  }
  const std::vector<Json> lines = file.lines();
  ASSERT_EQ(lines.size(), 3000U);
  for (size_t i = 0; i < lines.size(); ++i) {
    ASSERT_EQ(lines[i]["path"], absl::StrCat("/", i % 1500));
  }
}

}  // namespace
}  // namespace tallyman::server
