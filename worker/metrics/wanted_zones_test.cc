#include "muster/worker/metrics/wanted_zones.h"

#include "gtest/gtest.h"
#include "muster/worker/metrics/metrics_table.h"

namespace muster::worker {
namespace {

TEST(WantedZones, AreThoseThatAreDeclared) {
  config::v1::Config config;
  config.add_zone()->set_name("a");
  config.mutable_zone(0)->set_size_bytes(7);
  config.add_zone()->set_name("b");

  const std::vector<WantedZone> zones = WantedZones(config);

  ASSERT_EQ(zones.size(), 2u);
  EXPECT_EQ(zones[0].name, "a");
  EXPECT_EQ(zones[0].size_bytes, 7u);
  EXPECT_EQ(zones[0].size_field, "zone[0].size_bytes");
  EXPECT_EQ(zones[1].size_field, "zone[1].size_bytes");
}

TEST(WantedZones, HaveThatOfTheMetricsAtTheirEnd) {
  config::v1::Config config;
  config.add_zone()->set_name("a");
  config.mutable_metrics()->set_max_series(5);

  const std::vector<WantedZone> zones = WantedZones(config);

  ASSERT_EQ(zones.size(), 2u);
  EXPECT_EQ(zones[1].name, "muster.metrics");
  EXPECT_EQ(zones[1].size_bytes, MetricsTable::ZoneBytesFor(5));
  EXPECT_EQ(zones[1].size_field, "metrics.max_series");
}

TEST(WantedZones, TakeTheDefaultWhereNoNumberOfSeriesIsSet) {
  config::v1::Config config;
  config.mutable_metrics();
  EXPECT_EQ(WantedZones(config).at(0).size_bytes, MetricsTable::ZoneBytesFor(256));
}

}  // namespace
}  // namespace muster::worker
