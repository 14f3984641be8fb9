throw new Error("no table of frequencies");
