#include "server/watch/watch_meter.h"

#include <cstddef>
#include <ctime>
#include <memory>
#include <string>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "api/host/host_envelope.h"
#include "api/host/process_query.h"
#include "api/http/params.h"
#include "api/redaction/redaction.h"
#include "platform/process.h"
#include "platform/process_lister.h"
#include "server/watch/difference_broadcast.h"
#include "server/watch/process_watch.h"

namespace tallyman::server {
namespace {

constexpr size_t kKeptBytes = size_t{256} << 10;
constexpr size_t kReadBytes = size_t{64} << 10;

double ProcessorTime() {
  timespec time = {};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return absl::ToDoubleMilliseconds(absl::DurationFromTimespec(time));
}

class ListerMeter final : public WatchMeter {
 public:
  ListerMeter(const platform::ProcessLister& lister,
              std::unique_ptr<api::Redactor> redactor,
              const api::ProcessListQuery& query)
      : lister_(lister),
        redactor_(std::move(redactor)),
        format_{.redactor = *redactor_, .zone = absl::LocalTimeZone()},
        query_(query),
        watch_(query, format_, broadcast_) {
    broadcast_->Add(reader_);
    broadcast_->SetWake(reader_, [] {});
  }
  ~ListerMeter() override { broadcast_->Remove(reader_); }
  ListerMeter(const ListerMeter&) = delete;
  ListerMeter& operator=(const ListerMeter&) = delete;

  absl::Status Begin() {
    const absl::StatusOr<Round> first = Watch();
    watch_.GiveSnapshot();
    Receive();
    return first.status();
  }

  absl::StatusOr<double> ScanList() override {
    return Scan(query_.ToPlatform(), [](const platform::ProcessSnapshot&) {});
  }
  absl::StatusOr<double> ScanWatch() override {
    return Scan(watch_.QueryOf(nullptr),
                [](const platform::ProcessSnapshot&) {});
  }
  absl::StatusOr<Round> Watch() override {
    const platform::ProcessQuery query = watch_.QueryOf(nullptr);
    const absl::StatusOr<double> time =
        Scan(query, [this](platform::ProcessSnapshot snapshot) {
          watch_.Update(std::move(snapshot), /*owners=*/nullptr);
        });
    if (!time.ok()) return time.status();
    return Round{.milliseconds = *time, .bytes = Receive()};
  }

  absl::StatusOr<ListSize> MeasureList() override {
    const absl::StatusOr<platform::ProcessSnapshot> snapshot =
        lister_.List(query_.ToPlatform());
    if (!snapshot.ok()) return snapshot.status();
    return ListSize{
        .processes = snapshot->processes().size(),
        .bytes = api::RenderProcesses(snapshot->processes(), query_.keys(),
                                      format_, absl::Now())
                     .size()};
  }

 private:
  absl::StatusOr<double> Scan(
      const platform::ProcessQuery& query,
      absl::FunctionRef<void(platform::ProcessSnapshot)> use) {
    const double begin = ProcessorTime();
    absl::StatusOr<platform::ProcessSnapshot> snapshot = lister_.List(query);
    if (!snapshot.ok()) return snapshot.status();
    use(*std::move(snapshot));
    return ProcessorTime() - begin;
  }

  // The bytes of all that the reader can get now.
  size_t Receive() {
    std::string bytes;
    size_t before = 0;
    do {
      before = bytes.size();
      broadcast_->Read(reader_, kReadBytes, bytes);
    } while (bytes.size() > before);
    return bytes.size();
  }

  const platform::ProcessLister& lister_;
  const std::unique_ptr<api::Redactor> redactor_;
  const api::ProcessFormat format_;
  const api::ProcessListQuery query_;
  const std::shared_ptr<DifferenceBroadcast> broadcast_ =
      std::make_shared<DifferenceBroadcast>(kKeptBytes, nullptr);
  DifferenceBroadcast::Reader reader_;
  ProcessWatch watch_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<WatchMeter>> WatchMeter::Start(
    const platform::ProcessLister& lister) {
  absl::StatusOr<std::unique_ptr<api::Redactor>> redactor =
      api::Redactor::Create(api::DefaultSecretNames());
  if (!redactor.ok()) return redactor.status();
  const absl::StatusOr<api::ProcessListQuery> query =
      api::ProcessListQuery::Parse(api::Params());
  if (!query.ok()) return query.status();
  auto meter =
      std::make_unique<ListerMeter>(lister, *std::move(redactor), *query);
  if (absl::Status begun = meter->Begin(); !begun.ok()) return begun;
  return meter;
}

}  // namespace tallyman::server
