// Uses each library of archives.bzl, and the system's OpenSSL, for one small
// task that works only if the library was built and linked correctly.

#include <array>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "benchmark/benchmark.h"
#include "ftxui/screen/screen.hpp"
#include "ftxui/screen/string.hpp"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "httplib.h"
#include "nlohmann/json.hpp"
#include "openssl/crypto.h"
#include "openssl/evp.h"
#include "re2/re2.h"
#include "sqlite3.h"
#include "yaml-cpp/yaml.h"
#include "zopfli.h"

namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(AbseilTest, StatusFormatAndTime) {
  const absl::StatusOr<int> missing =
      absl::NotFoundError(absl::StrFormat("no process %d", 42));
  EXPECT_TRUE(absl::IsNotFound(missing.status()));
  EXPECT_THAT(missing.status().message(), HasSubstr("42"));
  EXPECT_EQ(absl::FormatTime(absl::RFC3339_sec, absl::FromUnixSeconds(0),
                             absl::UTCTimeZone()),
            "1970-01-01T00:00:00+00:00");
}

TEST(AbseilTest, NotificationWakesAnotherThread) {
  absl::Notification ready;
  absl::Notification done;
  std::thread thread([&] {
    ready.WaitForNotification();
    done.Notify();
  });
  ready.Notify();
  EXPECT_TRUE(done.WaitForNotificationWithTimeout(absl::Seconds(30)));
  thread.join();
}

TEST(Re2Test, CapturesGroups) {
  std::string name;
  int pid = 0;
  EXPECT_TRUE(RE2::FullMatch("42 (bash)", R"((\d+) \((.*)\))", &pid, &name));
  EXPECT_EQ(pid, 42);
  EXPECT_EQ(name, "bash");
  EXPECT_FALSE(RE2("(", RE2::Quiet).ok());
}

TEST(JsonTest, ParsesAndPrints) {
  const nlohmann::json document =
      nlohmann::json::parse(R"({"pids": [1, 2, 3], "ok": true})");
  EXPECT_THAT(document["pids"].get<std::vector<int>>(), ElementsAre(1, 2, 3));
  EXPECT_EQ(document.dump(), R"({"ok":true,"pids":[1,2,3]})");
  EXPECT_TRUE(nlohmann::json::parse("{", nullptr, /*allow_exceptions=*/false)
                  .is_discarded());
}

TEST(HttplibTest, AnswersOnLoopback) {
  httplib::Server server;
  server.Get(R"(/echo/(\w+))",
             [](const httplib::Request& request, httplib::Response& response) {
               response.set_content(request.matches[1].str(), "text/plain");
             });
  const int port = server.bind_to_any_port("127.0.0.1");
  ASSERT_GT(port, 0);
  std::thread thread([&] { server.listen_after_bind(); });
  server.wait_until_ready();

  httplib::Client client("127.0.0.1", port);
  const httplib::Result result = client.Get("/echo/hello");
  server.stop();
  thread.join();

  ASSERT_TRUE(result) << httplib::to_string(result.error());
  EXPECT_EQ(result->status, 200);
  EXPECT_EQ(result->body, "hello");
}

TEST(HttplibTest, SpeaksTls) {
#ifndef CPPHTTPLIB_OPENSSL_SUPPORT
  FAIL() << "cpp-httplib was built without OpenSSL";
#endif
  const httplib::Client client("https://127.0.0.1:1");
  EXPECT_TRUE(client.is_valid());
}

TEST(SqliteTest, IsThePinnedVersionAndAnswers) {
  // The header and the object code must be of one release.
  EXPECT_STREQ(SQLITE_VERSION, PINNED_SQLITE_VERSION);
  EXPECT_STREQ(sqlite3_libversion(), PINNED_SQLITE_VERSION);
  EXPECT_STREQ(sqlite3_sourceid(), SQLITE_SOURCE_ID);
  EXPECT_NE(sqlite3_threadsafe(), 0);

  sqlite3* raw = nullptr;
  ASSERT_EQ(sqlite3_open(":memory:", &raw), SQLITE_OK);
  const std::unique_ptr<sqlite3, int (*)(sqlite3*)> database(raw,
                                                             sqlite3_close);
  std::string answer;
  const auto keep = [](void* out, int, char** values, char**) {
    static_cast<std::string*>(out)->assign(values[0]);
    return 0;
  };
  ASSERT_EQ(sqlite3_exec(raw,
                         "SELECT count(*) || ' of ' || sum(value) FROM "
                         "json_each('[1, 2, 3]')",
                         keep, &answer, nullptr),
            SQLITE_OK)
      << sqlite3_errmsg(raw);
  EXPECT_EQ(answer, "3 of 6");

  // Foreign keys are on, and a double-quoted string is not a value.
  ASSERT_EQ(sqlite3_exec(raw, "PRAGMA foreign_keys", keep, &answer, nullptr),
            SQLITE_OK);
  EXPECT_EQ(answer, "1");
  EXPECT_EQ(sqlite3_exec(raw, "SELECT \"text\"", nullptr, nullptr, nullptr),
            SQLITE_ERROR);
}

TEST(OpensslTest, Sha256OfAKnownVector) {
  EXPECT_GE(OPENSSL_version_major(), 3U);
  constexpr absl::string_view kInput = "abc";
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  ASSERT_EQ(EVP_Digest(kInput.data(), kInput.size(), digest.data(), &size,
                       EVP_sha256(), nullptr),
            1);
  const std::string bytes(digest.begin(), digest.begin() + size);
  EXPECT_EQ(absl::BytesToHexString(bytes),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(YamlTest, GivesValuesAndTheirLines) {
  const YAML::Node document = YAML::Load("name: shop\nports:\n  - 80\n");
  EXPECT_EQ(document["name"].as<std::string>(), "shop");
  EXPECT_EQ(document["ports"][0].as<int>(), 80);
  EXPECT_EQ(document["ports"][0].Mark().line, 2);
  EXPECT_THROW(YAML::Load("["), YAML::ParserException);
}

TEST(ZopfliTest, CompressesRepeatedText) {
  std::string text;
  for (int i = 0; i < 100; ++i) text += "again and ";
  ZopfliOptions options;
  ZopfliInitOptions(&options);
  unsigned char* bytes = nullptr;
  std::size_t size = 0;
  ZopfliCompress(&options, ZOPFLI_FORMAT_GZIP,
                 reinterpret_cast<const unsigned char*>(text.data()),
                 text.size(), &bytes, &size);
  ASSERT_GT(size, 18U);  // Head and tail of RFC 1952.
  EXPECT_LT(size, 60U);
  EXPECT_EQ(bytes[0], 0x1f);
  EXPECT_EQ(bytes[1], 0x8b);
  std::free(bytes);
}

TEST(FtxuiTest, KnowsCellsAndWidths) {
  ftxui::Screen screen(3, 1);
  screen.PixelAt(0, 0).character = "a";
  screen.PixelAt(2, 0).character = "b";
  EXPECT_EQ(screen.ToString(), "a b");
  EXPECT_EQ(ftxui::string_width("\u754c"), 2);
}

void CountsIterations(benchmark::State& state) {
  std::size_t length = 0;
  for (auto _ : state) {
    length += absl::StrCat(state.iterations()).size();
    benchmark::DoNotOptimize(length);
  }
}
BENCHMARK(CountsIterations)->Iterations(10);

TEST(BenchmarkTest, RunsARegisteredBenchmark) {
  std::ostringstream out;
  benchmark::ConsoleReporter reporter(benchmark::ConsoleReporter::OO_None);
  reporter.SetOutputStream(&out);
  reporter.SetErrorStream(&out);
  EXPECT_EQ(benchmark::RunSpecifiedBenchmarks(&reporter), 1U);
  EXPECT_THAT(out.str(), HasSubstr("CountsIterations"));
}

}  // namespace
