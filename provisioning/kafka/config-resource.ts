/** Kafka's numbers for what has settings (ConfigResource.Type). */
export const topicResource = 2;
export const brokerResource = 4;

/** Kafka's numbers for "set on the topic itself" and "set on this broker while it ran" in DescribeConfigs (KIP-226). */
export const topicConfigSource = 1;
export const brokerConfigSource = 2;
