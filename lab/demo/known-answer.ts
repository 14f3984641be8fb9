/** A stream of the pipeline `kafka_chaining` with the values that the course expects. */
export interface KnownStream {
  readonly topic: string;
  /** The services that write and print the topic. */
  readonly writer: ServiceOnHost;
  readonly printer?: ServiceOnHost;
  readonly values: readonly string[];
}

/** A service and the host that it runs on. */
export interface ServiceOnHost {
  readonly service: string;
  readonly host: string;
}

/** For the input 7 6 9 14 12 17 9 13 11 12 13 16 16 19, in Celsius. */
export const knownAnswer: readonly KnownStream[] = [
  {
    topic: "temperatures_above_threshold",
    writer: { service: "con1", host: "rpi1" },
    values: ["57.2", "53.6", "62.6", "55.4", "51.8", "53.6", "55.4", "60.8", "60.8", "66.2"],
  },
  {
    topic: "temperatures_ewma",
    writer: { service: "con2", host: "rpi2" },
    printer: { service: "out_ewma", host: "rpi2" },
    values: [
      "55.400000000000006",
      "59",
      "57.2",
      "54.5",
      "54.05",
      "54.724999999999994",
      "57.762499999999996",
      "59.28125",
      "62.740625",
    ],
  },
  {
    topic: "temperatures_moving_average",
    writer: { service: "con3", host: "rpi3" },
    printer: { service: "out_avg", host: "rpi3" },
    values: ["57.800000000000004", "57.199999999999996", "56.6", "53.599999999999994", "53.6", "56.6", "59", "62.6"],
  },
];
