#include "muster/ctl/text/status_text.h"

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/time/time.h"

namespace muster::ctl {
namespace {

namespace v1 = admin::v1;

template <typename Message>
Message ParseText(const char* text) {
  Message message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message));
  return message;
}

constexpr char kStatus[] = R"pb(
  master {
    pid: 4711
    version: "0.1.0"
    state: RUNNING
    generation: 3
    uptime { seconds: 3661 }
    config_file: "/srv/site.textproto"
    listen: "127.0.0.1:8080"
    listen: "[::1]:8080"
    worker_processes: 2
  }
  workers {
    index: 0
    slot: 0
    generation: 2
    pid: 4712
    state: DRAINING
    age { seconds: 192 }
    counters { active: 1 requests: 120 }
  }
  workers {
    index: 0
    slot: 2
    generation: 3
    pid: 4801
    state: SERVING
    age { seconds: 5 nanos: 900000000 }
    counters { active: 2 requests: 7 }
    latency {
      count: 7
      p50 { nanos: 85000 }
      p99 { nanos: 1250000 }
    }
    request {
      method: "GET"
      path: "/slow"
      peer: "192.0.2.1:4711"
      age { seconds: 12 }
    }
  }
  workers {
    index: 1
    slot: 3
    generation: 3
    state: BACKOFF
    restarts: 4
    last_exit: "killed by SIGSEGV (core dumped)"
    counters { requests: 1 }
  }
  stats {
    total { active: 3 reading: 1 writing: 0 waiting: 2 requests: 168 }
    ended { requests: 40 }
  }
)pb";

TEST(RenderStatus, ShowsMasterAndWorkers) {
  EXPECT_EQ(RenderStatus(ParseText<v1::Status>(kStatus)),
            "master      running, pid 4711, up 1h01m, muster 0.1.0\n"
            "config      /srv/site.textproto (generation 3)\n"
            "listen      127.0.0.1:8080, [::1]:8080\n"
            "workers     1 of 2 serving\n"
            "clients     3 connected (1 reading, 0 writing, 2 waiting), 168 requests so far\n"
            "\n"
            "WORKER  GEN  SLOT   PID  STATE       AGE  RESTARTS  ACTIVE  REQUESTS   P50    P99  "
            "LAST EXIT                        SERVES\n"
            "0         2     0  4712  draining  3m12s         0       1       120     -      -  "
            "-                                -\n"
            "0         3     2  4801  serving      5s         0       2         7  85us  1.2ms  "
            "-                                GET /slow for 12.0s, 192.0.2.1:4711\n"
            "1         3     3     -  backoff       -         4       0         1     -      -  "
            "killed by SIGSEGV (core dumped)  -\n"
            "ended     -     -     -  -             -         -       0        40     -      -  "
            "-                                -\n");
}

TEST(RenderStatus, DoesNotCallAWorkerThatHangsServing) {
  v1::Status status = ParseText<v1::Status>(kStatus);
  status.mutable_workers(0)->mutable_hung_for()->set_seconds(7);
  status.mutable_workers(1)->set_state(v1::Worker::HUNG);
  status.mutable_workers(1)->mutable_hung_for()->set_seconds(65);
  const std::string text = RenderStatus(status);
  EXPECT_NE(text.find("0 of 2 serving"), std::string::npos) << text;
  EXPECT_NE(text.find(" draining, hung 7s "), std::string::npos) << text;
  EXPECT_NE(text.find(" hung 1m05s "), std::string::npos) << text;
}

TEST(RenderStatus, EndsWithTheLastWordsOfWorkers) {
  v1::Status status = ParseText<v1::Status>(kStatus);
  v1::LastWords* const words = status.mutable_workers(2)->mutable_last_words();
  words->set_pid(4805);
  words->set_text("check failed");
  const std::string text = RenderStatus(status, false, absl::UTCTimeZone());
  const std::string end = "\nlast words\n  worker 1, pid 4805, 1970-01-01 00:00:00: check failed\n";
  ASSERT_GT(text.size(), end.size());
  EXPECT_EQ(text.substr(text.size() - end.size()), end);
}

TEST(RenderStatus, TellsOfCrashes) {
  v1::Status status = ParseText<v1::Status>(kStatus);
  status.mutable_stats()->set_crashes(5);
  EXPECT_NE(RenderStatus(status).find("\ncrashes     5\n"), std::string::npos);
}

TEST(RenderStatus, CountsARequestAsOne) {
  v1::Status status = ParseText<v1::Status>(kStatus);
  status.mutable_stats()->mutable_total()->set_requests(1);
  EXPECT_NE(RenderStatus(status).find("waiting), 1 request so far\n"), std::string::npos);
}

TEST(RenderStatus, ShowsEachMistakeOfARefusedReload) {
  v1::Status status = ParseText<v1::Status>(kStatus);
  status.mutable_master()->set_last_reload_error("a:1:2: one\na:3:4: two\n");
  EXPECT_NE(RenderStatus(status).find("\nrefused     the last reload:\n"
                                      "            a:1:2: one\n"
                                      "            a:3:4: two\n"
                                      "\n"),
            std::string::npos);
}

TEST(RenderStatus, TellsOfARollbackAndOfTrials) {
  v1::Status status;
  status.mutable_master()->set_rolled_back_to(3);
  status.mutable_master()->set_trials_failed(2);
  const std::string text = RenderStatus(status);
  EXPECT_NE(text.find("serves as generation 3 did; the next reload reads the file\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("2 failed\n"), std::string::npos) << text;
  EXPECT_EQ(text.find("until"), std::string::npos) << text;
  status.mutable_master()->mutable_trial_until()->set_seconds(60);
  EXPECT_NE(RenderStatus(status).find("until 19"), std::string::npos);
}

TEST(RenderStatus, ShowsAStateThatItDoesNotKnowByItsNumber) {
  v1::Status status = ParseText<v1::Status>(kStatus);
  status.mutable_master()->set_state(static_cast<v1::Master::State>(99));
  EXPECT_EQ(RenderStatus(status).rfind("master      state 99, pid 4711", 0), 0u);
}

TEST(RenderWorkers, WithoutWorkersIsItsTitles) {
  EXPECT_EQ(RenderWorkers({}, {}),
            "WORKER  GEN  SLOT  PID  STATE  AGE  RESTARTS  ACTIVE  REQUESTS  P50  P99  LAST EXIT  "
            "SERVES\n");
}

TEST(RenderStats, EndsWithTheTotal) {
  const auto stats = ParseText<v1::Stats>(R"pb(
    total {
      accepted: 30
      handled: 30
      requests: 100
      active: 3
      reading: 1
      writing: 0
      waiting: 2
      bytes_received: 2048
      bytes_sent: 5242880
      closed_at_deadline: 1
    }
    reloads: 2
    reloads_refused: 1
    crashes: 4
    slots {
      slot: 3
      counters { requests: 99 }
    }
    workers {
      index: 0
      generation: 2
      slot: 3
      counters { accepted: 10 handled: 10 requests: 60 }
      latency {
        count: 60
        p50 { nanos: 85000 }
        p99 { nanos: 120000 }
      }
    }
    workers {
      index: 1
      generation: 2
      slot: 2
      counters { accepted: 15 handled: 15 requests: 30 active: 3 }
    }
    ended { accepted: 5 handled: 5 requests: 10 }
  )pb");
  EXPECT_EQ(RenderStats(stats),
            "WORKER  GEN  SLOT  ACCEPTED  HANDLED  REQUESTS  ACTIVE  READING  WRITING  WAITING  "
            "RECEIVED     SENT  CUT OFF   P50    P99\n"
            "0         2     3        10       10        60       0        0        0        0  "
            "     0 B      0 B        0  85us  120us\n"
            "1         2     2        15       15        30       3        0        0        0  "
            "     0 B      0 B        0     -      -\n"
            "ended     -     -         5        5        10       0        0        0        0  "
            "     0 B      0 B        0     -      -\n"
            "total     -     -        30       30       100       3        1        0        2  "
            " 2.0 KiB  5.0 MiB        1     -      -\n"
            "\n"
            "2 reloads, 1 refused; 4 crashes\n");
}

TEST(RenderStats, HasNoRowForEndedWorkersThatCountedNothing) {
  EXPECT_EQ(RenderStats(ParseText<v1::Stats>("ended {}")).find("ended"), std::string::npos);
}

TEST(RenderStats, TellsHowManySeriesAreNotShown) {
  const auto stats = ParseText<v1::Stats>(R"pb(
    metrics {
      name: "hits_total"
      type: COUNTER
      series { total: 7 }
    }
    series_left_out: 12
  )pb");
  const std::string text = RenderStats(stats);
  EXPECT_NE(text.find("\nhits_total  counter  -           7\n12 more series did not fit into the "
                      "answer\n"),
            std::string::npos)
      << text;
}

TEST(RenderStats, CountsOneReloadAndOneCrash) {
  const auto stats = ParseText<v1::Stats>("reloads: 1 crashes: 1");
  EXPECT_NE(RenderStats(stats).find("\n1 reload, 0 refused; 1 crash\n"), std::string::npos);
}

}  // namespace
}  // namespace muster::ctl
