#include "tools/harness/server_process.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <string>
#include <thread>
#include <vector>

#include "absl/log/check.h"
#include "absl/strings/numbers.h"
#include "absl/synchronization/mutex.h"

namespace tallyman::harness {
namespace {

constexpr char kBinary[] = "server/server";

std::vector<char*> Pointers(std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  pointers.reserve(strings.size() + 1);
  for (std::string& string : strings) pointers.push_back(string.data());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

ServerProcess::ServerProcess(const std::vector<std::string>& flags,
                             const std::vector<std::string>& environment) {
  int out[2];
  int error[2];
  CHECK_EQ(pipe2(out, O_CLOEXEC), 0);
  CHECK_EQ(pipe2(error, O_CLOEXEC), 0);
  std::vector<std::string> arguments = {kBinary, "--port=0"};
  arguments.insert(arguments.end(), flags.begin(), flags.end());
  // The first of two variables with one name counts.
  std::vector<std::string> variables = environment;
  for (char** each = environ; *each != nullptr; ++each) {
    variables.emplace_back(*each);
  }
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, error[1], STDERR_FILENO);
  CHECK_EQ(posix_spawn(&pid_, kBinary, &actions, nullptr,
                       Pointers(arguments).data(), Pointers(variables).data()),
           0);
  posix_spawn_file_actions_destroy(&actions);
  close(out[1]);
  close(error[1]);
  out_reader_ = std::thread([this, fd = out[0]] { ReadAll(fd, out_); });
  error_reader_ = std::thread([this, fd = error[0]] { ReadAll(fd, error_); });
}

ServerProcess::~ServerProcess() {
  if (pid_ < 0) return;
  Signal(SIGKILL);
  Wait();
}

void ServerProcess::ReadAll(int fd, Output& output) {
  char bytes[4096];
  while (true) {
    const ssize_t got = read(fd, bytes, sizeof(bytes));
    if (got < 0 && errno == EINTR) continue;
    const absl::MutexLock lock(&mutex_);
    if (got <= 0) {
      output.ended = true;
      break;
    }
    output.text.append(bytes, static_cast<size_t>(got));
  }
  close(fd);
}

bool ServerProcess::WaitFor(const Output& output,
                            const std::string& text) const {
  const auto has_text = [&] {
    return output.text.find(text) != std::string::npos;
  };
  const auto is_decided = [&] { return output.ended || has_text(); };
  const absl::MutexLock lock(&mutex_, absl::Condition(&is_decided));
  return has_text();
}

bool ServerProcess::WaitForLog(const std::string& text) const {
  return WaitFor(error_, text);
}

bool ServerProcess::WaitUntilListening() {
  // It is said on standard error after all of standard output was written.
  if (!WaitForLog("\"event\":\"listening\"") ||
      !WaitFor(out_, ", with its data in ")) {
    return false;
  }
  const std::string log = standard_error();
  const size_t url = log.find("http://127.0.0.1:");
  CHECK_NE(url, std::string::npos) << log;
  const size_t port = url + std::string("http://127.0.0.1:").size();
  CHECK(absl::SimpleAtoi(log.substr(port, log.find('"', port) - port), &port_));
  return true;
}

std::string ServerProcess::shown_token() const {
  const std::string text = standard_output();
  const size_t begin = text.find("tly_");
  if (begin == std::string::npos) return "";
  return text.substr(begin, text.find_first_of(" \n'", begin) - begin);
}

void ServerProcess::Signal(int signal) const {
  CHECK_EQ(kill(pid_, signal), 0);
}

int ServerProcess::Wait() {
  int status = 0;
  pid_t waited = 0;
  do {
    waited = waitpid(pid_, &status, 0);
  } while (waited < 0 && errno == EINTR);
  CHECK_EQ(waited, pid_);
  pid_ = -1;
  out_reader_.join();
  error_reader_.join();
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

std::string ServerProcess::standard_output() const {
  const absl::MutexLock lock(&mutex_);
  return out_.text;
}

std::string ServerProcess::standard_error() const {
  const absl::MutexLock lock(&mutex_);
  return error_.text;
}

}  // namespace tallyman::harness
