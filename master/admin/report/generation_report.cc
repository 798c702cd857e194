#include "muster/master/admin/report/generation_report.h"

#include "muster/log/printable.h"
#include "muster/master/decide/generations.h"

namespace muster::master {
namespace {

using admin::v1::Generation;

Generation::Origin OriginOf(Origin origin) {
  switch (origin) {
    case Origin::kStart:
      return Generation::START;
    case Origin::kReload:
      return Generation::RELOAD;
    case Origin::kRollback:
      return Generation::ROLLBACK;
    case Origin::kResume:
      return Generation::RESUME;
    case Origin::kScale:
      return Generation::SCALE;
    case Origin::kTrial:
      return Generation::TRIAL;
    case Origin::kUpgrade:
      return Generation::UPGRADE;
    case Origin::kUndo:
      return Generation::UNDO;
  }
  return Generation::ORIGIN_UNSPECIFIED;
}

Generation::Outcome OutcomeOf(const GenerationRecord& record, const SupervisorCore& core) {
  switch (record.end) {
    case GenerationRecord::End::kNone:
      return core.trial().generation() == record.number ? Generation::ON_TRIAL
                                                        : Generation::IN_FORCE;
    case GenerationRecord::End::kReplaced:
      return Generation::REPLACED;
    case GenerationRecord::End::kRolledBack:
      return Generation::ROLLED_BACK;
  }
  return Generation::OUTCOME_UNSPECIFIED;
}

}  // namespace

admin::v1::ListGenerationsResponse ReportGenerations(const SupervisorCore& core, TimePoint now,
                                                     absl::Time wall_now) {
  admin::v1::ListGenerationsResponse response;
  const auto& records = core.generations().records();
  for (auto it = records.rbegin(); it != records.rend(); ++it) {
    const GenerationRecord& record = it->second;
    Generation& told = *response.add_generations();
    told.set_number(record.number);
    told.set_config_hash(record.hash);
    told.set_is_config_from_call(record.is_from_call);
    told.set_origin(OriginOf(record.origin));
    told.set_copy_of(record.copy_of);
    told.set_asked_by(log::Printable(record.asked_by));
    const absl::Time served = wall_now - absl::FromChrono(now - record.served);
    told.mutable_time()->set_seconds(absl::ToUnixSeconds(served));
    told.mutable_time()->set_nanos(
        static_cast<std::int32_t>(absl::ToUnixNanos(served) % 1'000'000'000));
    told.set_outcome(OutcomeOf(record, core));
    told.set_reason(log::Printable(record.reason));
    for (const auto& [slot, worker] : core.workers()) {
      if (worker.generation == record.number) told.set_workers(told.workers() + 1);
    }
  }
  return response;
}

}  // namespace muster::master
