// The server on a real Windows, or Wine: the program as users start it, with
// processes that this test starts.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/log/check.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "httplib.h"
#include "nlohmann/json.hpp"
#include "platform/base/windows/windows_text.h"
#include "platform/testing/windows_child.h"

namespace tallyman::server {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;
using platform::ChildPipe;
using platform::OwnProgram;
using platform::OwnUser;
using platform::WindowsChild;

constexpr int kChildren = 20;
constexpr DWORD kEndMs = 20'000;

const wchar_t* const kServer = L"server\\server.exe";

std::wstring DataDirectory(std::string_view name) {
  return base::ToWide(
      absl::StrCat(testing::TempDir(), "/", name, "-", GetCurrentProcessId()));
}

struct Finished {
  DWORD code = 0;
  std::string out;
  std::string err;
};

// A server that ends by itself, with these flags.
Finished RunServer(const std::wstring& flags) {
  ChildPipe out;
  ChildPipe err;
  WindowsChild child(kServer, L"server " + flags, 0, out.write_end(),
                     err.write_end());
  out.CloseWrite();
  err.CloseWrite();
  Finished finished;
  // Before its end: it waits if a pipe is full.
  finished.out = out.ReadAll();
  finished.err = err.ReadAll();
  finished.code = child.Wait();
  return finished;
}

class RunningServer {
 public:
  explicit RunningServer(std::wstring_view directory)
      : child_(
            kServer,
            L"server --port=0 --data_dir=\"" + std::wstring(directory) + L"\"",
            /*flags=*/0, out_.write_end(), err_.write_end()) {
    out_.CloseWrite();
    err_.CloseWrite();
    greeting_ = out_.ReadUntil("/server/processes");
    // "Tallyman listens on http://127.0.0.1:PORT, with its data in ..."
    const std::vector<std::string_view> words =
        absl::StrSplit(greeting_, absl::ByAnyChar(" ,\r\n"), absl::SkipEmpty());
    for (const std::string_view word : words) {
      if (absl::StartsWith(word, "http://") && port_ == 0) {
        CHECK(absl::SimpleAtoi(word.substr(word.rfind(':') + 1), &port_));
      }
      if (absl::StartsWith(word, "tly_") && token_.empty()) {
        token_ = std::string(word);
      }
    }
  }

  const std::string& greeting() const { return greeting_; }
  const std::string& token() const { return token_; }
  int port() const { return port_; }
  WindowsChild& child() { return child_; }

  httplib::Result Get(const std::string& path) { return Get(path, token_); }
  httplib::Result Get(const std::string& path, const std::string& token) {
    return Client().Get(path, {{"Authorization", "Bearer " + token}});
  }
  httplib::Result Post(const std::string& path, const std::string& body) {
    return Client().Post(path, {{"Authorization", "Bearer " + token_}}, body,
                         "application/json");
  }
  // The processes of an answer, by pid.
  std::map<int64_t, Json> List(const std::string& query = "") {
    const httplib::Result answer = Get("/server/processes" + query);
    CHECK(answer) << httplib::to_string(answer.error());
    CHECK_EQ(answer->status, 200) << answer->body;
    std::map<int64_t, Json> processes;
    const Json body = Json::parse(answer->body);
    for (const Json& process : body.at("data")) {
      processes[process.at("pid").get<int64_t>()] = process;
    }
    return processes;
  }
  // What it has logged; after its end.
  std::string Log() { return err_.ReadAll(); }

 private:
  httplib::Client Client() {
    httplib::Client client("127.0.0.1", port_);
    client.set_connection_timeout(20);
    client.set_read_timeout(20);
    return client;
  }

  ChildPipe out_;
  ChildPipe err_;
  WindowsChild child_;
  std::string greeting_;
  std::string token_;
  int port_ = 0;
};

class WindowsServerTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    server_ = new RunningServer(DataDirectory("shared"));
  }
  static void TearDownTestSuite() {
    delete server_;
    server_ = nullptr;
  }
  static RunningServer* server_;
};

RunningServer* WindowsServerTest::server_ = nullptr;

TEST_F(WindowsServerTest, GreetsWithAnAddressAndAToken) {
  EXPECT_THAT(server_->greeting(),
              HasSubstr("Tallyman listens on http://127.0.0.1:"));
  EXPECT_GT(server_->port(), 0) << server_->greeting();
  EXPECT_EQ(server_->token().size(), 47u) << server_->greeting();
}

TEST_F(WindowsServerTest, ListsTwentyProcessesAsTheyAre) {
  std::vector<std::unique_ptr<WindowsChild>> children;
  for (int i = 0; i < kChildren; ++i) {
    children.push_back(std::make_unique<WindowsChild>(
        OwnProgram(),
        L"child " + std::to_wstring(i) + L" \"a b\" \x20ac\xd83d\xde00",
        CREATE_SUSPENDED));
  }
  const std::string fields =
      "?fields=pid,name,command_line,num_threads,state,memory,user,ppid";
  std::map<int64_t, Json> processes = server_->List(fields);
  for (int i = 0; i < kChildren; ++i) {
    const auto found = processes.find(children[i]->pid());
    ASSERT_NE(found, processes.end()) << "child " << i;
    const Json& process = found->second;
    EXPECT_EQ(process.at("name"), "windows_server_test.exe") << process;
    EXPECT_EQ(
        process.at("command_line"),
        absl::StrCat("child ", i, " \"a b\" \xe2\x82\xac\xf0\x9f\x98\x80"));
    EXPECT_EQ(process.at("num_threads"), 1) << process;
    EXPECT_EQ(process.at("ppid"), GetCurrentProcessId()) << process;
    EXPECT_EQ(process.at("user"), OwnUser()) << process;
    EXPECT_EQ(process.at("state"), "") << process;
    EXPECT_GT(process.at("memory").get<int64_t>(), 0) << process;
  }

  children[7]->Kill();
  const int64_t ended = children[7]->pid();
  processes = server_->List(fields);
  EXPECT_FALSE(processes.contains(ended));
  EXPECT_TRUE(processes.contains(children[8]->pid()));
}

TEST_F(WindowsServerTest, SelectsByPid) {
  const int64_t own = GetCurrentProcessId();
  const std::map<int64_t, Json> processes =
      server_->List(absl::StrCat("?pid=", own));
  ASSERT_EQ(processes.size(), 1u);
  EXPECT_EQ(processes.begin()->first, own);
}

TEST_F(WindowsServerTest, RefusesAWrongToken) {
  const httplib::Result answer =
      server_->Get("/server/processes", std::string(server_->token()) + "x");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 401);
}

TEST_F(WindowsServerTest, CountsRequests) {
  const httplib::Result first = server_->Get("/tokens");
  const httplib::Result second = server_->Get("/tokens");
  ASSERT_TRUE(first && second);
  ASSERT_EQ(first->status, 200) << first->body;
  const char* const kRemaining = "X-RateLimit-Remaining";
  EXPECT_EQ(second->get_header_value_u64(kRemaining) + 1,
            first->get_header_value_u64(kRemaining))
      << [&] {
           std::string all;
           for (const auto& [name, value] : first->headers) {
             absl::StrAppend(&all, name, ": ", value, "\n");
           }
           return all;
         }();
}

TEST_F(WindowsServerTest, MakesTokens) {
  const httplib::Result made =
      server_->Post("/tokens", R"({"name":"reader","scopes":["public"]})");
  ASSERT_TRUE(made);
  ASSERT_EQ(made->status, 201) << made->body;
}

TEST_F(WindowsServerTest, HasNoStacks) {
  for (const char* const path :
       {"/stacks", "/stacks/x/processes", "/stacks/x/processes/web/logs",
        "/api/3/stacks.json"}) {
    const httplib::Result answer = server_->Get(path);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 501) << path;
    EXPECT_THAT(answer->body, HasSubstr("since its system is not Linux"))
        << path;
  }
  const httplib::Result scaled =
      server_->Post("/stacks/x/processes", R"({"name":"web","count":2})");
  ASSERT_TRUE(scaled);
  EXPECT_EQ(scaled->status, 501);
}

TEST_F(WindowsServerTest, RefusesASecondServerOnItsDirectory) {
  const Finished second =
      RunServer(L"--port=0 --data_dir=\"" + DataDirectory("shared") + L"\"");
  EXPECT_EQ(second.code, 1u);
  EXPECT_THAT(second.err,
              HasSubstr(absl::StrCat("is in use by another server (pid ",
                                     server_->child().pid(), ")")));
}

TEST_F(WindowsServerTest, RefusesAPortInUse) {
  const Finished second =
      RunServer(L"--port=" + std::to_wstring(server_->port()) +
                L" --data_dir=\"" + DataDirectory("other") + L"\"");
  EXPECT_EQ(second.code, 1u);
  EXPECT_THAT(second.err, HasSubstr("cannot listen on http://127.0.0.1"));
}

TEST(WindowsServerFlagsTest, RefusesUnixSockets) {
  const Finished server = RunServer(L"--listen=unix:socket --data_dir=\"" +
                                    DataDirectory("unix") + L"\"");
  EXPECT_EQ(server.code, 1u);
  EXPECT_THAT(server.err, HasSubstr("Unix sockets need Linux or macOS; listen "
                                    "on 127.0.0.1 instead"));
}

TEST(WindowsServerFlagsTest, RefusesFlagsOfTls) {
  const Finished server =
      RunServer(L"--port=0 --tls_cert=cert.pem --tls_key=key.pem");
  EXPECT_EQ(server.code, 1u);
  EXPECT_THAT(server.err, HasSubstr("--tls_cert: this program has no TLS"));
}

TEST(WindowsServerFlagsTest, HelpSaysWhatIsMissing) {
  const std::string help = RunServer(L"--help").out;
  EXPECT_THAT(help, HasSubstr("/stacks and all below it are answered with"));
  EXPECT_THAT(help, HasSubstr("%LOCALAPPDATA%"));
  EXPECT_THAT(help, testing::Not(HasSubstr("--stacks_file")));
}

// The tokens and the counts of requests are in the database.
TEST(WindowsServerRestartTest, KeepsItsTokens) {
  std::string token;
  {
    RunningServer first(DataDirectory("restarted"));
    token = first.token();
    ASSERT_TRUE(first.Get("/server/processes"));
    first.child().Kill();
    EXPECT_THAT(first.Log(), HasSubstr("\"event\":\"listening\""));
  }
  // It prints no token, since it has one: its greeting is one line.
  ChildPipe out;
  ChildPipe err;
  WindowsChild second(
      kServer,
      L"server --port=0 --data_dir=\"" + DataDirectory("restarted") + L"\"", 0,
      out.write_end(), err.write_end());
  out.CloseWrite();
  err.CloseWrite();
  const std::string greeting = out.ReadUntil("\n");
  EXPECT_THAT(greeting, testing::Not(HasSubstr("tly_")));
  const std::vector<std::string_view> words =
      absl::StrSplit(greeting, absl::ByAnyChar(":,"));
  int port = 0;
  ASSERT_GE(words.size(), 3u) << greeting;
  ASSERT_TRUE(absl::SimpleAtoi(words[2], &port)) << greeting;
  httplib::Client client("127.0.0.1", port);
  const httplib::Result answer =
      client.Get("/server/processes", {{"Authorization", "Bearer " + token}});
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200) << answer->body;
}

// Calls the handlers of Ctrl-Break in `process` as the console does: in a new
// thread at CtrlRoutine(), which has the same address in all processes.
// Programs that Wine runs without a terminal have no console to press a key in.
void PressCtrlBreak(HANDLE process) {
  const auto routine =
      reinterpret_cast<LPTHREAD_START_ROUTINE>(reinterpret_cast<void*>(
          GetProcAddress(GetModuleHandleA("kernelbase.dll"), "CtrlRoutine")));
  ASSERT_NE(routine, nullptr);
  const HANDLE thread = CreateRemoteThread(
      process, nullptr, 0, routine,
      reinterpret_cast<void*>(uintptr_t{CTRL_BREAK_EVENT}), 0, nullptr);
  ASSERT_NE(thread, nullptr) << GetLastError();
  EXPECT_EQ(WaitForSingleObject(thread, kEndMs), WAIT_OBJECT_0);
  DWORD code = 0;
  EXPECT_TRUE(GetExitCodeThread(thread, &code));
  EXPECT_EQ(code, 1u);  // Handled.
  CloseHandle(thread);
}

TEST(WindowsServerStopTest, CtrlBreakStopsItInOrder) {
  RunningServer server(DataDirectory("stopped"));
  ASSERT_TRUE(server.Get("/server/processes"));
  PressCtrlBreak(server.child().handle());
  EXPECT_EQ(server.child().Wait(), 0u);
  server.child().Kill();
  const std::string log = server.Log();
  EXPECT_THAT(log, HasSubstr("\"event\":\"stopping\""));
  EXPECT_THAT(log, HasSubstr("\"event\":\"stopped\""));
}

}  // namespace
}  // namespace tallyman::server
