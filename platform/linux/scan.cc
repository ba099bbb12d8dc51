#include "platform/linux/scan.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/types/span.h"
#include "platform/arena.h"
#include "platform/linux/proc_file_cache.h"
#include "platform/linux/proc_files.h"
#include "platform/linux/process_reader.h"
#include "platform/process.h"

namespace tallyman::platform {
namespace {

// One more thread pays off for about this many processes: reading one takes 6
// to 20 microseconds, starting a thread some tens.
constexpr size_t kProcessesPerThread = 32;

// Processes that a thread takes at a time.
constexpr size_t kBatch = 16;

// Whether testing the condition first saves work, since most processes fail it.
// The first 32 processes are always tested first.
class Selectivity {
 public:
  // True once more than a third of the tested processes have passed.
  bool IsLow() const { return tested_ >= 32 && passed_ * 3 > tested_; }
  void Count(bool passed) {
    ++tested_;
    if (passed) ++passed_;
  }

 private:
  size_t tested_ = 0;
  size_t passed_ = 0;
};

}  // namespace

// Shared by the threads of a pass.
struct Scan::Work {
  absl::Span<const size_t> indices;
  std::vector<Process> results;  // By index of `indices`; pid 0 is left out.
  std::atomic<size_t> next = 0;
  std::atomic<int> failure = 0;  // An errno.
};

void Scan::RunThread(ProcessReader& reader, const Pass& pass, Work& work) {
  Selectivity selectivity;
  // 0 if the process exists and meets the condition, else an errno.
  const auto read = [&](size_t index, Process& process) {
    const int32_t pid = pids_[index];
    CachedFiles* const cached =
        context_.cache == nullptr ? nullptr : &context_.cache->At(index);
    if (pass.test != nullptr && !selectivity.IsLow()) {
      const int error = reader.Read(*pass.test, pid, cached, process);
      if (error != 0) return error;
      const bool passed = (*pass.condition)(process);
      selectivity.Count(passed);
      if (!passed) return ESRCH;
      process = Process();
    }
    const int error = reader.Read(pass.plan, pid, cached, process);
    if (error != 0) return error;
    return pass.condition == nullptr || (*pass.condition)(process) ? 0 : ESRCH;
  };
  while (work.failure.load(std::memory_order_relaxed) == 0) {
    const size_t begin = work.next.fetch_add(kBatch);
    const size_t end = std::min(begin + kBatch, work.indices.size());
    if (begin >= end) return;
    for (size_t i = begin; i < end; ++i) {
      const int error = read(work.indices[i], work.results[i]);
      if (error == 0) continue;
      work.results[i] = Process();
      if (IsExhaustion(error)) work.failure.store(error);
    }
  }
}

int Scan::Read(const Pass& pass, absl::Span<const size_t> indices,
               std::vector<Process>& found) {
  Work work;
  work.indices = indices;
  work.results.resize(indices.size());
  const size_t num_threads =
      std::clamp<size_t>(indices.size() / kProcessesPerThread, 1, max_threads_);
  while (readers_.size() < num_threads) {
    readers_.push_back(std::make_unique<ProcessReader>(context_));
  }
  {
    std::vector<std::thread> threads;
    const absl::Cleanup join = [&threads] {
      for (std::thread& thread : threads) thread.join();
    };
    try {
      for (size_t i = 1; i < num_threads; ++i) {
        threads.emplace_back(
            [this, i, &pass, &work] { RunThread(*readers_[i], pass, work); });
      }
    } catch (const std::system_error&) {
      // The system starts no more threads: those that run do all the work.
    }
    RunThread(*readers_[0], pass, work);
  }
  if (const int failure = work.failure.load(); failure != 0) return failure;
  work.results.erase(
      std::remove_if(work.results.begin(), work.results.end(),
                     [](const Process& process) { return process.pid == 0; }),
      work.results.end());
  if (found.empty()) {
    found = std::move(work.results);
  } else {
    found.insert(found.end(), work.results.begin(), work.results.end());
  }
  return 0;
}

std::vector<size_t> Scan::IndicesOf(absl::Span<const Process> processes) const {
  std::vector<size_t> indices;
  indices.reserve(processes.size());
  for (const Process& process : processes) {
    indices.push_back(static_cast<size_t>(
        std::lower_bound(pids_.begin(), pids_.end(), process.pid) -
        pids_.begin()));
  }
  return indices;
}

std::vector<Arena> Scan::TakeStrings() {
  std::vector<Arena> strings;
  strings.reserve(readers_.size());
  for (const std::unique_ptr<ProcessReader>& reader : readers_) {
    strings.push_back(reader->TakeStrings());
  }
  return strings;
}

}  // namespace tallyman::platform
