#include "api/metrics.hpp"

#include "platform/platform.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <array>
#include <fstream>
#include <mutex>
#include <sys/resource.h>
#include <unistd.h>

namespace fairlead::api {
namespace {

using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;
using prometheus::Histogram;
using prometheus::Labels;

constexpr std::array status_classes = {"1xx", "2xx", "3xx", "4xx", "5xx"};

const Histogram::BucketBoundaries& seconds_buckets() {
  static const Histogram::BucketBoundaries buckets{.001, .0025, .005, .01, .025, .05, .1,
                                                   .25,  .5,    1,    2.5, 5,    10,  30};
  return buckets;
}

double seconds(std::chrono::steady_clock::duration took) {
  return std::chrono::duration<double>(took).count();
}

double resident_bytes() {
  std::ifstream file("/proc/self/statm");
  std::size_t total = 0, resident = 0;
  file >> total >> resident;
  return static_cast<double>(resident) * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto part = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return part(usage.ru_utime) + part(usage.ru_stime);
}

}  // namespace

struct Metrics::Impl {
  struct Route {
    std::array<Counter*, status_classes.size()> answers{};
    Histogram* duration = nullptr;
  };

  explicit Impl(std::size_t count) : routes(count + 1) {}

  prometheus::Registry registry;
  Family<Counter>& requests = prometheus::BuildCounter()
                                  .Name("fairlead_http_requests_total")
                                  .Help("Requests answered, by route and class of status.")
                                  .Register(registry);
  Family<Histogram>& request_seconds = prometheus::BuildHistogram()
                                           .Name("fairlead_http_request_seconds")
                                           .Help("Time to the answer's head, by route.")
                                           .Register(registry);
  Family<Counter>& executes = prometheus::BuildCounter()
                                  .Name("fairlead_executes_total")
                                  .Help("Executes, by result.")
                                  .Register(registry);
  Histogram& execute_seconds = prometheus::BuildHistogram()
                                   .Name("fairlead_execute_seconds")
                                   .Help("Time of an execute, the service's part included.")
                                   .Register(registry)
                                   .Add({}, seconds_buckets());
  Gauge& running = prometheus::BuildGauge()
                       .Name("fairlead_executes_running")
                       .Help("Executes that are running now.")
                       .Register(registry)
                       .Add({});
  Gauge& dropped = prometheus::BuildGauge()
                       .Name("fairlead_tool_calls_dropped")
                       .Help("Tool calls that the log could not keep since the start.")
                       .Register(registry)
                       .Add({});
  Gauge& memory = prometheus::BuildGauge()
                      .Name("process_resident_memory_bytes")
                      .Help("Resident memory of the process.")
                      .Register(registry)
                      .Add({});
  Counter& cpu = prometheus::BuildCounter()
                     .Name("process_cpu_seconds_total")
                     .Help("Processor time used, user and system.")
                     .Register(registry)
                     .Add({});
  std::mutex cpu_mutex;  ///< between reading `cpu` and adding what is missing
  Counter& succeeded = executes.Add({{"result", "succeeded"}});
  std::vector<Route> routes;

  void name(std::size_t index, const Labels& labels) {
    Route& route = routes.at(index);
    for (std::size_t i = 0; i < status_classes.size(); ++i) {
      Labels with_status = labels;
      with_status["status"] = status_classes[i];
      route.answers[i] = &requests.Add(with_status);
    }
    route.duration = &request_seconds.Add(labels, seconds_buckets());
  }

  void count_cpu() {
    const std::lock_guard lock(cpu_mutex);
    cpu.Increment(cpu_seconds() - cpu.Value());
  }
};

Metrics::Metrics(std::size_t routes) : impl_(std::make_unique<Impl>(routes)) {
  impl_->name(routes, {{"method", "other"}, {"route", "none"}});
  prometheus::BuildGauge()
      .Name("fairlead_build_info")
      .Help("The version of this server.")
      .Register(impl_->registry)
      .Add({{"version", FAIRLEAD_VERSION}})
      .Set(1);
}
Metrics::~Metrics() = default;

void Metrics::name_route(std::size_t route, std::string_view method, std::string_view pattern) {
  impl_->name(route, {{"method", std::string(method)}, {"route", std::string(pattern)}});
}

void Metrics::answered(std::size_t route, int status, std::chrono::steady_clock::duration took) {
  const auto index = static_cast<std::size_t>(std::clamp(status / 100, 1, 5)) - 1;
  Impl::Route& line = impl_->routes.at(route);
  line.answers[index]->Increment();
  line.duration->Observe(seconds(took));
}

void Metrics::executed(std::string_view result, std::chrono::steady_clock::duration took) {
  Counter& counter = result == "succeeded" ? impl_->succeeded
                                           : impl_->executes.Add({{"result", std::string(result)}});
  counter.Increment();
  impl_->execute_seconds.Observe(seconds(took));
}

std::string Metrics::text(platform::Platform& platform) const {
  impl_->running.Set(static_cast<double>(platform.executor().admission().running()));
  impl_->dropped.Set(static_cast<double>(platform.tool_calls().dropped()));
  impl_->memory.Set(resident_bytes());
  impl_->count_cpu();
  return prometheus::TextSerializer().Serialize(impl_->registry.Collect());
}

}  // namespace fairlead::api
