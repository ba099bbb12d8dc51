// The server on a real Windows, or Wine: the program as users start it, with
// processes that this test starts.

// windows.h would define macros with the names of std::min() and std::max().
#ifndef NOMINMAX
#define NOMINMAX
#endif

#include <winsock2.h>
// After winsock2.h, which httplib.h wants.
#include <windows.h>

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
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

namespace tallyman::server {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;

constexpr int kChildren = 20;
constexpr DWORD kEndMs = 20'000;

std::wstring OwnProgram() {
  std::array<wchar_t, 32'768> path;
  const DWORD size =
      GetModuleFileNameW(nullptr, path.data(), DWORD{path.size()});
  CHECK(size > 0 && size < path.size());
  return std::wstring(path.data(), size);
}

std::string OwnUser() {
  std::array<wchar_t, 257> name;
  auto size = DWORD{name.size()};
  CHECK(GetUserNameW(name.data(), &size)) << GetLastError();
  return base::FromWide({name.data(), size - 1});
}

// Both ends of a pipe; children inherit the one to write to.
class Pipe {
 public:
  Pipe() {
    SECURITY_ATTRIBUTES inherited = {};
    inherited.nLength = sizeof(inherited);
    inherited.bInheritHandle = TRUE;
    CHECK(CreatePipe(&read_, &write_, &inherited, 0));
    CHECK(SetHandleInformation(read_, HANDLE_FLAG_INHERIT, 0));
  }
  ~Pipe() {
    CloseWrite();
    CloseHandle(read_);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  HANDLE write_end() const { return write_; }
  void CloseWrite() {
    if (write_ != nullptr) CloseHandle(std::exchange(write_, nullptr));
  }

  // "" at the end.
  std::string Read() {
    std::array<char, 4096> buffer;
    DWORD got = 0;
    if (!ReadFile(read_, buffer.data(), DWORD{buffer.size()}, &got, nullptr)) {
      return "";
    }
    return {buffer.data(), got};
  }
  std::string ReadUntil(std::string_view end) {
    std::string text;
    while (!absl::StrContains(text, end)) {
      const std::string more = Read();
      if (more.empty()) break;
      text += more;
    }
    return text;
  }
  std::string ReadAll() { return ReadUntil(std::string_view("\0\0", 2)); }

 private:
  HANDLE read_ = nullptr;
  HANDLE write_ = nullptr;
};

// A process, which the destructor ends.
class Child {
 public:
  Child(const std::wstring& program, std::wstring command_line, DWORD flags,
        HANDLE out = nullptr, HANDLE err = nullptr) {
    STARTUPINFOW startup{};
    startup.cb = sizeof(startup);
    startup.dwFlags = out == nullptr ? 0 : STARTF_USESTDHANDLES;
    startup.hStdInput = nullptr;
    startup.hStdOutput = out;
    startup.hStdError = err;
    CHECK(CreateProcessW(program.c_str(), command_line.data(), nullptr, nullptr,
                         /*bInheritHandles=*/out != nullptr, flags, nullptr,
                         nullptr, &startup, &process_))
        << GetLastError();
  }
  ~Child() {
    Kill();
    CloseHandle(process_.hThread);
    CloseHandle(process_.hProcess);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  DWORD pid() const { return process_.dwProcessId; }
  HANDLE handle() const { return process_.hProcess; }
  // Does nothing if it has ended.
  void Kill() {
    TerminateProcess(process_.hProcess, 1);
    WaitForSingleObject(process_.hProcess, kEndMs);
  }
  // Its exit code; STILL_ACTIVE if it does not end.
  DWORD Wait() {
    WaitForSingleObject(process_.hProcess, kEndMs);
    DWORD code = 0;
    CHECK(GetExitCodeProcess(process_.hProcess, &code));
    return code;
  }

 private:
  PROCESS_INFORMATION process_{};
};

const wchar_t* const kServer = L"server\\server.exe";

std::wstring DataDirectory(std::string_view name) {
  return base::ToWide(
      absl::StrCat(testing::TempDir(), "/", name, "-", GetCurrentProcessId()));
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
  Child& child() { return child_; }

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

  Pipe out_;
  Pipe err_;
  Child child_;
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
  std::vector<std::unique_ptr<Child>> children;
  for (int i = 0; i < kChildren; ++i) {
    children.push_back(std::make_unique<Child>(
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
  Pipe out;
  Pipe err;
  Child second(
      kServer,
      L"server --port=0 --data_dir=\"" + DataDirectory("shared") + L"\"", 0,
      out.write_end(), err.write_end());
  out.CloseWrite();
  err.CloseWrite();
  EXPECT_EQ(second.Wait(), 1u);
  EXPECT_THAT(err.ReadAll(),
              HasSubstr(absl::StrCat("is in use by another server (pid ",
                                     server_->child().pid(), ")")));
}

TEST_F(WindowsServerTest, RefusesAPortInUse) {
  Pipe out;
  Pipe err;
  Child second(kServer,
               L"server --port=" + std::to_wstring(server_->port()) +
                   L" --data_dir=\"" + DataDirectory("other") + L"\"",
               0, out.write_end(), err.write_end());
  out.CloseWrite();
  err.CloseWrite();
  EXPECT_EQ(second.Wait(), 1u);
  EXPECT_THAT(err.ReadAll(), HasSubstr("cannot listen on http://127.0.0.1"));
}

TEST_F(WindowsServerTest, RefusesFlagsOfTls) {
  Pipe out;
  Pipe err;
  Child child(kServer, L"server --port=0 --tls_cert=cert.pem --tls_key=key.pem",
              0, out.write_end(), err.write_end());
  out.CloseWrite();
  err.CloseWrite();
  EXPECT_EQ(child.Wait(), 1u);
  EXPECT_THAT(err.ReadAll(), HasSubstr("--tls_cert: this program has no TLS"));
}

TEST_F(WindowsServerTest, HelpSaysWhatIsMissing) {
  Pipe out;
  Pipe err;
  Child child(kServer, L"server --help", 0, out.write_end(), err.write_end());
  out.CloseWrite();
  err.CloseWrite();
  const std::string help = out.ReadAll();
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
  Pipe out;
  Pipe err;
  Child second(
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
