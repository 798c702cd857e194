#include "muster/ctl/text/generation_text.h"

#include <string>

#include "gtest/gtest.h"

namespace muster::ctl {
namespace {

using admin::v1::Generation;

TEST(GenerationText, HasALineForEachGeneration) {
  admin::v1::ListGenerationsResponse history;
  Generation& back = *history.add_generations();
  back.set_number(3);
  back.set_config_hash("0123456789abcdef");
  back.set_origin(Generation::TRIAL);
  back.set_copy_of(1);
  back.mutable_time()->set_seconds(120);
  back.set_outcome(Generation::IN_FORCE);
  back.set_workers(2);
  Generation& bad = *history.add_generations();
  bad.set_number(2);
  bad.set_config_hash("fedcba9876543210");
  bad.set_origin(Generation::RELOAD);
  bad.set_asked_by("uid 1000 (pid 4711)");
  bad.mutable_time()->set_seconds(60);
  bad.set_outcome(Generation::ROLLED_BACK);
  bad.set_reason("3 crashes");
  EXPECT_EQ(
      GenerationsTable(history, absl::UTCTimeZone()).Render(),
      "GEN  TIME                 CONFIG        BY                   ORIGIN            WORKERS  "
      "OUTCOME\n"
      "  3  1970-01-01 00:02:00  0123456789ab  -                    trial, back to 1        2  "
      "in force\n"
      "  2  1970-01-01 00:01:00  fedcba987654  uid 1000 (pid 4711)  reload                  0  "
      "rolled back: 3 crashes\n");
}

TEST(GenerationText, NamesUpgradesAndTheirUndo) {
  admin::v1::ListGenerationsResponse history;
  Generation& back = *history.add_generations();
  back.set_origin(Generation::UNDO);
  back.set_copy_of(1);
  history.add_generations()->set_origin(Generation::UPGRADE);
  const std::string table = GenerationsTable(history, absl::UTCTimeZone()).Render();
  EXPECT_NE(table.find(" undo, back to 1 "), std::string::npos) << table;
  EXPECT_NE(table.find(" upgrade "), std::string::npos) << table;
}

TEST(GenerationText, CommandsNoTerminal) {
  admin::v1::ListGenerationsResponse history;
  history.add_generations()->set_asked_by("\x1b[2J");
  EXPECT_EQ(GenerationsTable(history, absl::UTCTimeZone()).Render().find('\x1b'),
            std::string::npos);
}

}  // namespace
}  // namespace muster::ctl
