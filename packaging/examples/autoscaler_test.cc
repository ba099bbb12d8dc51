// The autoscaler, with the real server and a metric that the test chooses.

#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <functional>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/log/check.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "httplib.h"
#include "platform/base/unique_fd.h"
#include "platform/testing/temp_directory.h"
#include "tools/harness/api_client.h"
#include "tools/harness/child_process.h"
#include "tools/harness/server_process.h"

namespace tallyman {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr char kPython[] = "/usr/bin/python3";

// An exporter: answers with these samples, one after the other, and repeats the
// last one. Before each answer it calls `before`, with the number of the
// request.
class Exporter {
 public:
  explicit Exporter(
      std::vector<std::string> samples,
      std::function<void(size_t)> before = [](size_t) {})
      : samples_(std::move(samples)), before_(std::move(before)) {
    server_.Get("/metrics", [this](const httplib::Request& request,
                                   httplib::Response& response) {
      before_(requests_);
      authorization_ = request.get_header_value("Authorization");
      const size_t last = samples_.size() - 1;
      response.set_content(samples_[requests_ < last ? requests_ : last],
                           "text/plain");
      ++requests_;
    });
    port_ = server_.bind_to_any_port("127.0.0.1");
    CHECK_GT(port_, 0);
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    server_.wait_until_ready();
  }
  ~Exporter() { Stop(); }
  Exporter(const Exporter&) = delete;
  Exporter& operator=(const Exporter&) = delete;

  std::string Url() const {
    return absl::StrCat("http://127.0.0.1:", port_, "/metrics");
  }

  void Stop() {
    server_.stop();
    if (thread_.joinable()) thread_.join();
  }
  // After Stop().
  size_t requests() const { return requests_; }
  const std::string& authorization() const { return authorization_; }

 private:
  const std::vector<std::string> samples_;
  const std::function<void(size_t)> before_;
  httplib::Server server_;
  int port_ = 0;
  // Requests come one after the other, by the one autoscaler.
  size_t requests_ = 0;
  std::string authorization_;
  std::thread thread_;
};

struct Outcome {
  std::string end;  // "exited with code 0".
  std::string output;
};

class AutoscalerTest : public testing::Test {
 protected:
  AutoscalerTest()
      : server_({absl::StrCat("--data_dir=", directory_.path(), "/data")}) {}

  void SetUp() override {
    if (access(kPython, X_OK) != 0) GTEST_SKIP() << kPython << " is missing";
    ASSERT_TRUE(server_.WaitUntilListening()) << server_.standard_error();
    api_ = std::make_unique<harness::ApiClient>(server_.port(),
                                                server_.shown_token());
    const absl::StatusOr<std::string> stack =
        api_->MakeStack("shop", {{.name = "web", .command = "sleep 1000"},
                                 {.name = "worker", .command = "sleep 1000"}});
    ASSERT_TRUE(stack.ok()) << stack.status();
    stack_ = *stack;
    const absl::StatusOr<std::string> host = api_->ServerUid(stack_);
    ASSERT_TRUE(host.ok()) << host.status();
    host_ = *host;
    Scale("worker", 1);
    std::ofstream(TokenFile()) << server_.shown_token() << "\n";
  }

  std::string TokenFile() const {
    return absl::StrCat(directory_.path(), "/token");
  }

  void Scale(std::string_view process, int64_t count) {
    const absl::StatusOr<int64_t> action =
        api_->Scale(stack_, host_, process, count);
    ASSERT_TRUE(action.ok()) << action.status();
  }

  int64_t Desired(std::string_view name) {
    const absl::StatusOr<std::vector<harness::ApiProcess>> processes =
        api_->Processes(stack_);
    CHECK_OK(processes);
    for (const harness::ApiProcess& process : *processes) {
      if (process.name == name) return process.desired;
    }
    return -1;
  }

  // Runs Python with these arguments to its end.
  Outcome Python(std::vector<std::string> arguments) {
    const std::string path = absl::StrCat(directory_.path(), "/output");
    const base::UniqueFd output(
        open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    CHECK(output.valid());
    // Without a file beside the source, which is an input of the test.
    arguments.insert(arguments.begin(), {"python3", "-B"});
    const absl::StatusOr<std::unique_ptr<harness::ChildProcess>> child =
        harness::ChildProcess::Start({.program = kPython,
                                      .arguments = std::move(arguments),
                                      .output = output.get(),
                                      .error = output.get(),
                                      .death_signal = SIGKILL});
    CHECK_OK(child);
    Outcome run{.end = harness::DescribeEnd(*(*child)->Wait())};
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    run.output = text.str();
    return run;
  }

  // `rounds` rounds without a wait. `more` flags come last, and win.
  Outcome Autoscale(const std::string& metrics, int rounds,
                    const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {
        "packaging/examples/autoscaler.py",
        absl::StrCat("--url=http://127.0.0.1:", server_.port()),
        absl::StrCat("--token_file=", TokenFile()),
        absl::StrCat("--metrics=", metrics),
        absl::StrCat("--rounds=", rounds),
        "--stack=shop",
        "--process=worker",
        "--metric=queue_jobs",
        "--per_instance=20",
        "--interval=0"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return Python(std::move(arguments));
  }

  const platform::TempDirectory directory_;
  harness::ServerProcess server_;
  std::unique_ptr<harness::ApiClient> api_;
  std::string stack_;
  std::string host_;
};

TEST_F(AutoscalerTest, ScalesToTheLoad) {
  Exporter exporter({"# TYPE queue_jobs gauge\nqueue_jobs 95\n"});
  const Outcome run = Autoscale(exporter.Url(), 1);
  EXPECT_EQ(run.end, "exited with code 0");
  EXPECT_EQ(run.output, "queue_jobs is 95: from 1 to 5\n");
  EXPECT_EQ(Desired("worker"), 5);
  EXPECT_EQ(Desired("web"), 0);
  exporter.Stop();
  EXPECT_THAT(exporter.authorization(), IsEmpty());
}

TEST_F(AutoscalerTest, StaysWithinItsBounds) {
  const Exporter exporter({"queue_jobs 1e6\n", "queue_jobs 0\n"});
  const Outcome run =
      Autoscale(exporter.Url(), 2, {"--min=2", "--max=4", "--cool_down=0"});
  // The process may still change, as its instances start: then it decides anew.
  EXPECT_EQ(absl::StrReplaceAll(
                run.output,
                {{"the process has changed meanwhile: deciding anew\n", ""}}),
            "queue_jobs is 1e+06: from 1 to 4\n"
            "queue_jobs is 0: from 4 to 2\n");
  EXPECT_EQ(Desired("worker"), 2);
}

TEST_F(AutoscalerTest, ScalesDownOnlyAfterTheCoolDown) {
  const Exporter exporter(
      {"queue_jobs 60\n", "queue_jobs 0\n", "queue_jobs 100\n"});
  const Outcome run = Autoscale(exporter.Url(), 3, {"--cool_down=1000"});
  EXPECT_EQ(run.output,
            "queue_jobs is 60: from 1 to 3\n"
            "queue_jobs is 0: 3 stay\n"
            "queue_jobs is 100: from 3 to 5\n");
  EXPECT_EQ(Desired("worker"), 5);
}

// Somebody scales between the autoscaler's look at the process and its request.
TEST_F(AutoscalerTest, DecidesAnewIfTheProcessHasChanged) {
  Exporter exporter({"queue_jobs 95\n"}, [this](size_t request) {
    if (request == 0) Scale("worker", 5);
  });
  const Outcome run = Autoscale(exporter.Url(), 1);
  EXPECT_EQ(run.output,
            "the process has changed meanwhile: deciding anew\n"
            "queue_jobs is 95: 5 stay\n");
  EXPECT_EQ(Desired("worker"), 5);
  exporter.Stop();
  EXPECT_EQ(exporter.requests(), 2u);
}

TEST_F(AutoscalerTest, GivesUpARoundIfOthersScaleAllTheTime) {
  Exporter exporter({"queue_jobs 95\n"}, [this](size_t request) {
    Scale("worker", request % 2 == 0 ? 2 : 3);
  });
  const Outcome run = Autoscale(exporter.Url(), 1);
  EXPECT_THAT(run.output,
              HasSubstr("the process has changed 5 times: nothing changes\n"));
  EXPECT_EQ(Desired("worker"), 2);
}

TEST_F(AutoscalerTest, ChangesNothingWithoutAMetric) {
  Exporter exporter({"queue_jobs_old 95\n", "queue_jobs NaN\n"});
  const std::string missing = "no sample of queue_jobs: nothing changes\n";
  EXPECT_EQ(Autoscale(exporter.Url(), 2).output, missing + missing);
  exporter.Stop();
  const Outcome run = Autoscale(exporter.Url(), 1);
  EXPECT_THAT(run.output, HasSubstr("no answer: "));
  EXPECT_EQ(run.end, "exited with code 0");
  EXPECT_EQ(Desired("worker"), 1);
}

TEST_F(AutoscalerTest, AddsSamplesWithItsLabels) {
  const Exporter exporter(
      {"queue_jobs{queue=\"mail\",host=\"a\"} 30\n"
       "queue_jobs{host=\"b\",queue=\"mail\"} 30 1795859873000\n"
       "queue_jobs{queue=\"other\"} 5000\n"});
  const Outcome run =
      Autoscale(exporter.Url(), 1, {"--metric=queue_jobs{queue=\"mail\"}"});
  EXPECT_THAT(run.output, HasSubstr("is 60: from 1 to 3\n"));
}

TEST_F(AutoscalerTest, ReadsTheServersOwnMetrics) {
  Scale("web", 6);
  const Outcome run =
      Autoscale("", 1,
                {"--metric=tallyman_instances_desired{process=\"web\"}",
                 "--per_instance=2"});
  EXPECT_THAT(run.output, HasSubstr("is 6: from 1 to 3\n"));
  EXPECT_EQ(Desired("worker"), 3);
}

TEST_F(AutoscalerTest, EndsIfItsTokenIsRefused) {
  std::ofstream(TokenFile()) << "tly_wrong\n";
  const Outcome run = Autoscale("", 0);
  EXPECT_EQ(run.end, "exited with code 1");
  EXPECT_THAT(run.output, HasSubstr("answers 401"));
  EXPECT_THAT(run.output, Not(HasSubstr("tly_wrong")));
}

TEST_F(AutoscalerTest, RefusesBoundsThatContradict) {
  const Outcome run = Autoscale("", 1, {"--min=3", "--max=2"});
  EXPECT_EQ(run.end, "exited with code 2");
  EXPECT_THAT(run.output, HasSubstr("0 <= --min <= --max"));
}

// The state of a process that ends again and again is hard to hold still.
TEST_F(AutoscalerTest, GivesNoMoreInstancesToAProcessThatCrashLoops) {
  const Outcome run =
      Python({"-c",
              "import sys, types\n"
              "sys.path.insert(0, 'packaging/examples')\n"
              "from autoscaler import Autoscaler\n"
              "options = types.SimpleNamespace(min=1, max=9, per_instance=10,\n"
              "                                cool_down=0)\n"
              "decide = Autoscaler(options, None).decide\n"
              "for state in 'running', 'crash-looping':\n"
              "    print([decide({'state': state}, desired, 50)\n"
              "           for desired in (0, 2, 7)])\n"});
  EXPECT_EQ(run.output, "[5, 5, 5]\n[1, 2, 5]\n");
}

}  // namespace
}  // namespace tallyman
