import java.util.Properties;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;

/** One service, as its users would write it: BROKER GUARANTEE NAME OPERATOR INPUT OUTPUT STATE_FOLDER COMMIT_INTERVAL_MS */
public class StreamsService {
  private static final String STORE = "store";

  public static void main(String[] args) throws Exception {
    Properties settings = new Properties();
    settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, args[0]);
    settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, args[1].equals("exactly_once") ? "exactly_once_v2" : args[1]);
    settings.put(StreamsConfig.APPLICATION_ID_CONFIG, args[2]);
    settings.put(StreamsConfig.DEFAULT_KEY_SERDE_CLASS_CONFIG, Serdes.ByteArraySerde.class);
    settings.put(StreamsConfig.DEFAULT_VALUE_SERDE_CLASS_CONFIG, Serdes.StringSerde.class);
    settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 2);
    settings.put(StreamsConfig.STATE_DIR_CONFIG, args[6]);
    settings.put("auto.offset.reset", "earliest");
    if (args.length > 7) {
      settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, args[7]);
      settings.put("linger.ms", 0);
    }
    StreamsBuilder builder = new StreamsBuilder();
    builder.addStateStore(
        Stores.keyValueStoreBuilder(Stores.inMemoryKeyValueStore(STORE), Serdes.String(), Serdes.String()).withCachingEnabled());
    KStream<byte[], String> input = builder.stream(args[4]);
    KStream<byte[], String> output;
    switch (args[3]) {
      case "celsius-to-fahrenheit":
        output = input.mapValues(v -> Double.toString(Double.parseDouble(v) * 9 / 5 + 32));
        break;
      case "celsius-to-fahrenheit(celsius)":
        output = input.mapValues(StreamsService::convertField);
        break;
      case "threshold":
        output = input.filter((k, v) -> Double.parseDouble(v) > 50);
        break;
      case "ewma":
        output = input.process(Ewma::new, STORE);
        break;
      case "moving-average":
        output = input.process(MovingAverage::new, STORE);
        break;
      default:
        throw new IllegalArgumentException(args[3]);
    }
    output.to(args[5]);
    KafkaStreams streams = new KafkaStreams(builder.build(), settings);
    Runtime.getRuntime().addShutdownHook(new Thread(streams::close));
    streams.start();
  }

  private static final com.fasterxml.jackson.databind.ObjectMapper JSON = new com.fasterxml.jackson.databind.ObjectMapper();

  private static String convertField(String value) {
    try {
      com.fasterxml.jackson.databind.node.ObjectNode object =
          (com.fasterxml.jackson.databind.node.ObjectNode) JSON.readTree(value);
      object.put("celsius", object.get("celsius").asDouble() * 9 / 5 + 32);
      return JSON.writeValueAsString(object);
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  /** State under one name, as the records have no key. */
  private abstract static class Stateful implements Processor<byte[], String, byte[], String> {
    protected ProcessorContext<byte[], String> context;
    protected KeyValueStore<String, String> store;

    @Override
    public void init(ProcessorContext<byte[], String> context) {
      this.context = context;
      this.store = context.getStateStore(STORE);
    }
  }

  private static class Ewma extends Stateful {
    @Override
    public void process(Record<byte[], String> record) {
      double x = Double.parseDouble(record.value());
      String before = store.get("s");
      String after = Double.toString(before == null ? x : 0.5 * x + 0.5 * Double.parseDouble(before));
      store.put("s", after);
      if (before != null) context.forward(record.withValue(after));
    }
  }

  private static class MovingAverage extends Stateful {
    @Override
    public void process(Record<byte[], String> record) {
      String before = store.get("s");
      String[] window = before == null ? new String[0] : before.split(",");
      String after = window.length < 3 ? (before == null ? record.value() : before + "," + record.value())
          : window[1] + "," + window[2] + "," + record.value();
      store.put("s", after);
      String[] last = after.split(",");
      if (last.length < 3) return;
      double sum = 0;
      for (String each : last) sum += Double.parseDouble(each);
      context.forward(record.withValue(Double.toString(sum / 3)));
    }
  }
}
