#include "engine/base/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include "engine/base/guarded.h"

namespace rowhook {
namespace {

class CounterOf final : public Counter {
 public:
  explicit CounterOf(prometheus::Counter& series) : series_(series) {}
  void add(double amount) override { series_.Increment(amount); }
  double value() const override { return series_.Value(); }

 private:
  prometheus::Counter& series_;
};

class GaugeOf final : public Gauge {
 public:
  explicit GaugeOf(prometheus::Gauge& series) : series_(series) {}
  void set(double value) override { series_.Set(value); }
  double value() const override { return series_.Value(); }

 private:
  prometheus::Gauge& series_;
};

class HistogramOf final : public Histogram {
 public:
  explicit HistogramOf(prometheus::Histogram& series) : series_(series) {}
  void observe(double seconds) override { series_.Observe(seconds); }

 private:
  prometheus::Histogram& series_;
};

const prometheus::Histogram::BucketBoundaries latency_buckets{0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
                                                              0.05,   0.1,     0.25,   0.5,   1,      2.5,   5,    10,
                                                              30,     60};

}  // namespace

struct Metrics::Impl {
  struct Series {
    std::map<std::pair<std::string, Labels>, std::unique_ptr<Counter>> counters;
    std::map<std::pair<std::string, Labels>, std::unique_ptr<Gauge>> gauges;
    std::map<std::pair<std::string, Labels>, std::unique_ptr<Histogram>> histograms;
  };
  prometheus::Registry registry{prometheus::Registry::InsertBehavior::Merge};
  Guarded<Series> series;
};

Metrics::Metrics() : impl_(std::make_unique<Impl>()) {}
Metrics::~Metrics() = default;

Counter& Metrics::counter(const std::string& name, const std::string& help, const Labels& labels) {
  return impl_->series.with([&](Impl::Series& series) -> Counter& {
    auto& slot = series.counters[{name, labels}];
    if (!slot)
      slot = std::make_unique<CounterOf>(
          prometheus::BuildCounter().Name(name).Help(help).Register(impl_->registry).Add(labels));
    return *slot;
  });
}

Gauge& Metrics::gauge(const std::string& name, const std::string& help, const Labels& labels) {
  return impl_->series.with([&](Impl::Series& series) -> Gauge& {
    auto& slot = series.gauges[{name, labels}];
    if (!slot)
      slot =
          std::make_unique<GaugeOf>(prometheus::BuildGauge().Name(name).Help(help).Register(impl_->registry).Add(labels));
    return *slot;
  });
}

Histogram& Metrics::histogram(const std::string& name, const std::string& help, const Labels& labels) {
  return impl_->series.with([&](Impl::Series& series) -> Histogram& {
    auto& slot = series.histograms[{name, labels}];
    if (!slot)
      slot = std::make_unique<HistogramOf>(prometheus::BuildHistogram()
                                               .Name(name)
                                               .Help(help)
                                               .Register(impl_->registry)
                                               .Add(labels, latency_buckets));
    return *slot;
  });
}

std::string Metrics::text() const { return prometheus::TextSerializer().Serialize(impl_->registry.Collect()); }

}  // namespace rowhook
